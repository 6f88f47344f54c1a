package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkState;

import com.google.common.util.concurrent.ThreadFactoryBuilder;
import dev.longtake.runtime.api.Choice;
import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.LinkTable;
import dev.longtake.runtime.model.picture.PictureResizer;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.sampling.TakeNoise;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An engine on several devices that every take passes through, one stage after the other. */
final class PipelineEngine implements OpenEngine {
  private static final Logger LOG = LoggerFactory.getLogger(PipelineEngine.class);

  private final EngineConfig config;
  private final String reason;
  private final EngineShape shape;
  private final PipelineLayout layout;
  private final Resources resources;
  private final List<PipelineDevice> devices;
  private final PipelineDevice decoder;
  private final TextEncoders textEncoders;
  private final ConditionEncoder conditions;
  private final BlockingQueue<PipelineLane> lanes = new LinkedBlockingQueue<>();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          new ThreadFactoryBuilder().setNameFormat("stage-%d").setDaemon(true).build());

  private PipelineEngine(
      EngineConfig config,
      String reason,
      ModelSource source,
      EngineShape shape,
      PipelineLayout layout,
      IntFunction<ComputeDevice> open,
      Resources resources) {
    this.config = config;
    this.reason = reason;
    this.shape = shape;
    this.resources = resources;
    this.layout = layout;
    List<StageRole> roles = layout.roles();
    this.devices =
        Together.open(
            roles.size(),
            roles.size(),
            index ->
                PipelineDevice.open(
                    shape, source, roles.get(index), config, () -> open.apply(index)));
    devices.forEach(resources::add);
    this.decoder = devices.get(devices.size() - 1);
    this.conditions = new ConditionEncoder(decoder.parts().media());
    this.textEncoders =
        decoder.get(
            () ->
                TextEncoders.open(
                    shape,
                    source,
                    decoder.ops(),
                    decoder.plan().text(),
                    decoder.reserved().text(),
                    resources));
    LinkTable links = LinkTable.measure(devices.stream().map(PipelineDevice::device).toList());
    for (int lane = 0; lane < config.lanes(); lane++) {
      lanes.add(new PipelineLane(devices, shape, links, lane, resources));
    }
    // Closed first: nothing may be on its way between devices when links and devices are closed.
    devices.forEach(device -> resources.add(() -> device.run(device.ops()::synchronize)));
    resources.add(threads::shutdownNow);
  }

  /**
   * Opens the engine; owns {@code source}.
   *
   * @param asked whose lanes may be left open: one take keeps all devices busy
   * @param reason why devices work together, for people
   * @param layout for at least two devices
   * @param open opens a device
   */
  static PipelineEngine open(
      EngineConfig asked,
      String reason,
      ModelSource source,
      EngineShape shape,
      PipelineLayout layout,
      IntFunction<ComputeDevice> open) {
    long started = System.nanoTime();
    EngineConfig config = asked.on(asked.device(), Math.max(1, asked.lanes()));
    Resources resources = new Resources();
    resources.add(source);
    try {
      PipelineEngine engine =
          new PipelineEngine(config, reason, source, shape, layout, open, resources);
      LOG.info(
          "Opened {} on a pipeline of {} devices in {} ms:{}{}",
          source.description(),
          engine.devices.size(),
          (System.nanoTime() - started) / 1_000_000,
          System.lineSeparator(),
          engine.memoryPlan());
      return engine;
    } catch (RuntimeException | Error e) {
      resources.closeAfter(e);
      throw e;
    }
  }

  @Override
  public EngineConfig config() {
    return config;
  }

  @Override
  public Choice choice() {
    return new Choice(
        "tpp on %d devices".formatted(devices.size()),
        memoryPlan(),
        "%s; %d of them denoise%s".formatted(reason, layout.stages(), stepsDown()),
        0);
  }

  private String stepsDown() {
    List<String> steps = devices.stream().flatMap(device -> device.stepsDown().stream()).toList();
    return steps.isEmpty() ? "" : "; stepped down: " + String.join("; ", steps);
  }

  @Override
  public String memoryPlan() {
    return parts().stream()
        .map(part -> part.device().description() + " " + part.work())
        .collect(Collectors.joining(System.lineSeparator()));
  }

  @Override
  public EngineShape shape() {
    return shape;
  }

  @Override
  public List<DeviceUse> use() {
    return devices.stream().map(PipelineDevice::use).toList();
  }

  @Override
  public List<Part> parts() {
    return devices.stream().map(PipelineDevice::part).toList();
  }

  @Override
  public HostValues encodePrompt(String prompt) {
    int[] ids = textEncoders.tokens(prompt);
    T5Encoder resident = textEncoders.resident();
    if (resident != null) {
      return decoder.get(() -> conditions.prompt(resident, ids));
    }
    PipelineLane lane = takeLane();
    try {
      StageLane host = lane.decoderLane();
      return decoder.get(
          () -> {
            try {
              return conditions.prompt(textEncoders.visiting(host.memory()), ids);
            } finally {
              host.renew();
            }
          });
    } finally {
      lanes.add(lane);
    }
  }

  @Override
  public HostValues encodeAudio(float[] samples, int silentFrames) {
    return decoder.get(() -> conditions.audio(samples, silentFrames));
  }

  @Override
  public PictureLatents encodePicture(Picture picture) {
    float[] pixels = PictureResizer.cover(picture, config.height(), config.width()).toSignedUnit();
    return decoder.get(() -> conditions.picture(pixels));
  }

  @Override
  public TakeSession open(TakeSpec spec, TakeNoise random, GenerationListener listener) {
    PipelineTake take =
        new PipelineTake(shape, takeLane(), spec, random, listener, conditions, lanes::add);
    try {
      take.start(threads);
      return take;
    } catch (RuntimeException | Error e) {
      take.close();
      throw e;
    }
  }

  private PipelineLane takeLane() {
    try {
      return lanes.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a lane", e);
    }
  }

  @Override
  public void close() {
    checkState(lanes.size() == config.lanes(), "a take is still open; close it first");
    resources.close();
  }
}
