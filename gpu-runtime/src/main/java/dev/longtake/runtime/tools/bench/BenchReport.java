package dev.longtake.runtime.tools.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.FormatMethod;
import dev.longtake.runtime.api.EngineConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a measurement says, for people and for files.
 *
 * @param ceilings of the device, or null if they were not measured
 * @param comparison with another run, or null if there was none
 * @param showsOperations whether the time of every operation is told
 */
record BenchReport(
    EngineConfig config,
    String shape,
    String command,
    BenchRun run,
    @Nullable Ceilings ceilings,
    @Nullable Comparison comparison,
    boolean showsOperations) {
  private static final int MOST_OPERATIONS = 60;
  private static final double GIB = 1L << 30;
  private static final double MIB = 1L << 20;

  String text() {
    BlockTimes blocks = run.blocks();
    StringBuilder text = new StringBuilder();
    line(
        text,
        "%s at %dx%d, %s, %s, %d lane%s on %s",
        shape,
        config.width(),
        config.height(),
        config.strategy(),
        lowercase(config.precision()),
        config.lanes(),
        config.lanes() == 1 ? "" : "s",
        run.device());
    line(text, "memory plan: %s%n", run.plan());
    run.seconds().forEach((phase, time) -> line(text, "%-12s %8.2f s", phase, time));
    line(
        text,
        "%n%d frames: %.2f fps end to end, %.2f fps denoise, %.2f fps decode",
        run.frames(),
        endToEndFps(),
        blocks.denoiseFps(),
        blocks.decodeFps());
    appendForwards(text);
    if (comparison != null) {
      line(text, "%s", comparison.text(run.takeFps()));
    }
    appendFamilies(text);
    if (showsOperations) {
      appendOperations(text);
    }
    appendCeilings(text);
    appendMemory(text);
    return text.toString();
  }

  String json() {
    BlockTimes blocks = run.blocks();
    Figures figures =
        new Figures(
            run.device(),
            LocalDate.now(ZoneOffset.UTC).toString(),
            command,
            shape,
            config.width() + "*" + config.height(),
            config.strategy(),
            lowercase(config.precision()),
            lowercase(config.kvPrecision()),
            config.lanes(),
            config.budgetBytes() == Long.MAX_VALUE ? null : config.budgetBytes(),
            orNull(blocks.medianForwardMillis()),
            orNull(blocks.leastForwardMillis()),
            shareOfCeilings(),
            ceilings == null ? null : ceilings.gemmTflops(),
            ceilings == null ? null : ceilings.attentionTflops(),
            ceilings == null ? null : ceilings.copyGbps(),
            blocks.denoiseFps(),
            endToEndFps(),
            blocks.decodeFps(),
            run.startupSeconds(),
            run.plannedBytes(),
            run.plannedHostBytes(),
            run.driverPeakBytes(),
            run.takeFps(),
            run.devices().stream().map(BenchRun.Usage::plannedBytes).toList(),
            run.devices().stream().map(BenchRun.Usage::driverPeakBytes).toList(),
            blocks.stageMillis().isEmpty() ? null : blocks.stageMillis(),
            comparison == null ? null : comparison.takeFps(),
            comparison == null ? null : comparison.speedup(run.takeFps()),
            comparison == null ? null : comparison.share(run.takeFps()));
    try {
      return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(figures) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("numbers and strings are always JSON", e);
    }
  }

  private double endToEndFps() {
    return run.frames() / run.endToEndSeconds();
  }

  private void appendForwards(StringBuilder text) {
    BlockTimes blocks = run.blocks();
    if (!blocks.forwardMillis().isEmpty()) {
      line(
          text,
          "forward %.1f ms (median), %.1f ms (least); between blocks %.2f s idle",
          blocks.medianForwardMillis(),
          blocks.leastForwardMillis(),
          blocks.idleSeconds());
    }
    for (int stage = 0; stage < blocks.stageMillis().size(); stage++) {
      line(text, "stage %d: %.1f ms a frame block", stage, blocks.stageMillis().get(stage));
    }
  }

  private void appendMemory(StringBuilder text) {
    for (BenchRun.Usage usage : run.devices()) {
      Long driverBytes = usage.driverPeakBytes();
      if (driverBytes == null) {
        line(text, "peak resident memory %.0f MiB", peakResidentBytes() / MIB);
        return;
      }
      line(
          text,
          "memory of %s: %.2f GiB planned, %.2f GiB in use by the driver's account",
          usage.device(),
          usage.plannedBytes() / GIB,
          driverBytes / GIB);
    }
  }

  private static @Nullable Double orNull(double value) {
    return Double.isNaN(value) ? null : value;
  }

  private void appendFamilies(StringBuilder text) {
    int forwards = run.clipBlocks() * config.sampleSteps();
    run.families()
        .forEach(
            (part, families) -> {
              boolean forward = part.equals("forward");
              int times = forward ? forwards : run.clipBlocks();
              line(
                  text,
                  "%none %s, every operation marked:",
                  forward ? part : "frame block's " + part);
              families.forEach(
                  (family, millis) ->
                      line(
                          text,
                          "  %-12s %9.3f ms%s",
                          family.name().toLowerCase(Locale.ROOT),
                          millis / times,
                          forward ? rate(family, millis / times) : ""));
              line(
                  text,
                  "  %-12s %9.3f ms",
                  "all",
                  families.values().stream().mapToDouble(Double::doubleValue).sum() / times);
            });
  }

  private void appendOperations(StringBuilder text) {
    line(text, "%nof one more clip, the operations that took longest:");
    run.operations().stream()
        .limit(MOST_OPERATIONS)
        .forEach(
            measured ->
                line(
                    text,
                    "  %9.3f ms  %5d times  %-7s %s",
                    measured.millis(),
                    measured.count(),
                    measured.part(),
                    measured.operation()));
  }

  private String rate(OpFamily family, double millis) {
    return switch (family) {
      case GEMM -> tflops(run.work().gemmFlops(), millis);
      case ATTENTION -> tflops(run.work().attentionFlops(), millis);
      default -> "";
    };
  }

  private static String tflops(double flops, double millis) {
    return String.format(Locale.ROOT, " %7.0f TFLOP/s", flops / millis / 1e9);
  }

  private void appendCeilings(StringBuilder text) {
    if (ceilings == null) {
      return;
    }
    Double share = shareOfCeilings();
    line(
        text,
        "%nceilings: matrix products %.0f TFLOP/s, attention %.0f TFLOP/s, copy %.0f GB/s%s",
        ceilings.gemmTflops(),
        ceilings.attentionTflops(),
        ceilings.copyGbps(),
        share == null
            ? ""
            : String.format(Locale.ROOT, "; their share of the forward is %.3f", share));
  }

  /** Returns null for several lanes: a forward then lasts as long as those of all of them. */
  private @Nullable Double shareOfCeilings() {
    return ceilings == null || config.lanes() > 1 || run.blocks().forwardMillis().isEmpty()
        ? null
        : ceilings.shareOf(run.blocks().medianForwardMillis(), run.work());
  }

  @FormatMethod
  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments)).append(System.lineSeparator());
  }

  private static String lowercase(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** Returns the kernel's own account of this process, or 0 where it keeps none. */
  private static long peakResidentBytes() {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    try {
      return Files.readAllLines(status).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException("reading " + status, e);
    }
  }
}
