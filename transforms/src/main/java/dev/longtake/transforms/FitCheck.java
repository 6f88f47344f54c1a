package dev.longtake.transforms;

import static java.util.Comparator.comparingLong;

import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.FrameSize;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.RenderSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Refuses what no device of this machine can render, before anything else is done. Where workers
 * are elsewhere nothing is known of theirs, and where lines of the manifest may ask for sizes of
 * their own that of {@code --size} says nothing: those are refused when an engine is opened.
 */
record FitCheck(LongtakeOptions options, EngineSource engines) {
  private static final String OWN_SIZE = "size";

  /**
   * Checks that videos of the size of {@code --size} can be rendered.
   *
   * @throws dev.longtake.runtime.api.LongtakeException PLAN_DOES_NOT_FIT, with what would fit; or
   *     INVALID_CONFIG if an engine uses more devices than there are
   */
  void run() {
    if (options.getWorkersElsewhere() || mayHaveOwnSizes()) {
      return;
    }
    EngineProvider provider = engines.provider();
    RenderSettings settings = RenderSettings.withoutDigest(options, engines);
    FrameSize size = settings.squareFrame(provider);
    Function<LeasableDevice, EngineConfig> engine =
        where -> settings.engine(size.width(), size.height(), where);
    provider.requireFits(
        options.getCheckpoint(),
        () ->
            settings.devices().here().leasable(provider, engine).stream()
                .max(comparingLong(LeasableDevice::memoryBytes))
                .map(engine)
                .orElseThrow());
  }

  private boolean mayHaveOwnSizes() {
    try (Stream<String> lines = Files.lines(Path.of(options.getManifest()))) {
      return lines.anyMatch(line -> line.contains(OWN_SIZE));
    } catch (IOException | RuntimeException e) {
      return true; // it is elsewhere, or not there, which its reader says
    }
  }
}
