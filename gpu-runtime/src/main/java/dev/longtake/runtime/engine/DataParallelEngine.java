package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.api.Choice;
import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.FrameSink;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.LinkTable;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.strategy.sharded.Shard;
import dev.longtake.runtime.strategy.sharded.ShardedStrategy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/**
 * Engines on a device each: takes are dealt to them one by one. They read one checkpoint, and know
 * nothing of each other, but that with the strategy {@code sharded} each owns a share of the layers
 * and fetches the others.
 */
final class DataParallelEngine implements OpenEngine {
  private final EngineConfig config;
  private final Resources resources;
  private final List<LongtakeEngine> engines = new ArrayList<>();
  private final BlockingQueue<LongtakeEngine> freeLanes = new LinkedBlockingQueue<>();
  private int lanes;

  private DataParallelEngine(EngineConfig config, Resources resources) {
    this.config = config;
    this.resources = resources;
  }

  /**
   * Opens the engines; owns {@code source}.
   *
   * @param config whose lanes are dealt as evenly as possible
   * @param names of the devices
   * @param devices opens a device
   * @throws LongtakeException INVALID_CONFIG if there are more devices than lanes
   */
  static DataParallelEngine open(
      EngineConfig config,
      ModelSource source,
      List<String> names,
      IntFunction<ComputeDevice> devices) {
    Resources resources = new Resources();
    resources.add(source);
    try {
      requireALaneEach(config, names.size());
      DataParallelEngine engine = new DataParallelEngine(config, resources);
      engine.openAll(source, names, devices);
      return engine;
    } catch (RuntimeException | Error e) {
      resources.closeAfter(e);
      throw e;
    }
  }

  private static void requireALaneEach(EngineConfig config, int devices) {
    if (config.lanes() != EngineConfig.LANES_AUTO && config.lanes() < devices) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          ("Strategy '%s' renders a video on one device, so that %d devices need %d lanes to have "
                  + "something to do, but there %s %d. Ask for more lanes or fewer devices, or "
                  + "choose strategy tpp, which renders a video on all of them.")
              .formatted(
                  config.strategy(),
                  devices,
                  devices,
                  config.lanes() == 1 ? "is" : "are",
                  config.lanes()));
    }
  }

  private void openAll(ModelSource source, List<String> names, IntFunction<ComputeDevice> devices) {
    int count = names.size();
    List<LongtakeEngine> opened =
        Together.open(
            count,
            // Who pins memory of the host must see what those before have left of it.
            pinsMemory(source) ? 1 : count,
            index -> {
              int asked = config.lanes();
              int ownLanes = asked / count + (index < asked % count ? 1 : 0);
              return LongtakeEngine.open(
                  config.on(names.get(index), ownLanes),
                  isSharded() ? new ShardedStrategy(new Shard(index, count)) : null,
                  new SharedSource(source),
                  () -> devices.apply(index));
            });
    opened.forEach(engine -> engines.add(resources.add(engine)));
    if (isSharded()) {
      LinkTable links = LinkTable.measure(engines.stream().map(LongtakeEngine::device).toList());
      LayerSharing.connect(engines, links, resources);
    }
    addLanes();
  }

  /** Deals takes to one engine after the other, as long as they have lanes. */
  private void addLanes() {
    int most = engines.stream().mapToInt(engine -> engine.config().lanes()).max().orElseThrow();
    for (int lane = 0; lane < most; lane++) {
      for (LongtakeEngine engine : engines) {
        if (lane < engine.config().lanes()) {
          freeLanes.add(engine);
        }
      }
    }
    lanes = freeLanes.size();
  }

  private boolean isSharded() {
    return config.strategy().equals(ShardedStrategy.NAME);
  }

  private boolean pinsMemory(ModelSource source) {
    if (config.strategy().equals(StrategyChooser.AUTO)) {
      return true; // a device that has too little memory will
    }
    ModelShape shape =
        source
            .shape(config.height(), config.width(), config.clipFrames(), config.sampleSteps())
            .model();
    ExecutionStrategy strategy = ExecutionStrategies.named(config.strategy());
    return !strategy.least(shape).equals(Residency.all(shape.dit().layers()));
  }

  /** Returns the whole configuration, with the strategy that the devices were found to need. */
  @Override
  public EngineConfig config() {
    EngineConfig first = engines.get(0).config();
    return config.placed(first.strategy(), first.precision(), first.kvPrecision(), lanes);
  }

  @Override
  public Choice choice() {
    Choice first = engines.get(0).choice();
    return new Choice(
        "on each of %d devices %s".formatted(engines.size(), first.strategy()),
        memoryPlan(),
        first.reason());
  }

  @Override
  public String memoryPlan() {
    return engines.stream()
        .map(engine -> engine.device().description() + ": " + engine.memoryPlan())
        .collect(Collectors.joining(System.lineSeparator()));
  }

  @Override
  public DeviceUse use() {
    return engines.stream().map(LongtakeEngine::use).reduce(DeviceUse.NONE, DeviceUse::and);
  }

  @Override
  public EngineShape shape() {
    return engines.get(0).shape();
  }

  @Override
  public List<Part> parts() {
    return engines.stream().flatMap(engine -> engine.parts().stream()).toList();
  }

  @Override
  public HostValues encodePrompt(String prompt) {
    return leastBusy().encodePrompt(prompt);
  }

  @Override
  public HostValues encodeAudio(float[] samples, int silentFrames) {
    return leastBusy().encodeAudio(samples, silentFrames);
  }

  @Override
  public PictureLatents encodePicture(Picture picture) {
    return leastBusy().encodePicture(picture);
  }

  /** Returns an engine with a lane free, or any. */
  private LongtakeEngine leastBusy() {
    LongtakeEngine free = freeLanes.peek();
    return free == null ? engines.get(0) : free;
  }

  @Override
  public TakeSession open(TakeSpec spec) {
    return open(spec, new TakeRandom(spec.seed(), spec.take()), GenerationListener.NONE);
  }

  @Override
  public TakeSession open(TakeSpec spec, TakeNoise random, GenerationListener listener) {
    LongtakeEngine engine = takeLane();
    try {
      return new Session(engine, engine.open(spec, random, listener));
    } catch (RuntimeException | Error e) {
      freeLanes.add(engine);
      throw e;
    }
  }

  private LongtakeEngine takeLane() {
    try {
      return freeLanes.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a lane", e);
    }
  }

  @Override
  public void close() {
    checkState(freeLanes.size() == lanes, "a take is still open; close it first");
    resources.close();
  }

  /** A take, which gives its lane back. */
  private final class Session implements TakeSession {
    private final LongtakeEngine engine;
    private final TakeSession inner;
    private boolean closed;

    Session(LongtakeEngine engine, TakeSession inner) {
      this.engine = engine;
      this.inner = inner;
    }

    @Override
    public void renderClip(FrameSink sink) {
      inner.renderClip(sink);
    }

    @Override
    public int frames() {
      return inner.frames();
    }

    @Override
    public TakeState state(int keptFrames) {
      return inner.state(keptFrames);
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        inner.close();
        freeLanes.add(engine);
      }
    }
  }
}
