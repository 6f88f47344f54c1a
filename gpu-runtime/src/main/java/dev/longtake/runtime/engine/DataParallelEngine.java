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
import dev.longtake.runtime.engine.TeamChooser.Team;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.strategy.sharded.Shard;
import dev.longtake.runtime.strategy.sharded.ShardedStrategy;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * Engines that takes are dealt to one by one, on a device each or a pipeline of devices. They read
 * one checkpoint, and know nothing of each other, but that with the strategy {@code sharded} each
 * owns a share of the layers and fetches the others.
 */
final class DataParallelEngine implements OpenEngine {
  private final EngineConfig config;
  private final String reason;
  private final Resources resources;
  private final EngineGroup<? extends OpenEngine> group;
  private final BlockingQueue<OpenEngine> freeLanes = new LinkedBlockingQueue<>();
  private final int lanes;

  private DataParallelEngine(Team team, Resources resources, List<? extends OpenEngine> members) {
    this.config = team.config();
    this.reason = team.reason();
    this.resources = resources;
    this.group = new EngineGroup<>(members);
    this.lanes = addLanes();
  }

  /**
   * Opens an engine a device; owns {@code source}.
   *
   * @param team whose lanes are dealt as evenly as possible
   * @param names of the devices
   * @param devices opens a device
   * @throws LongtakeException INVALID_CONFIG if there are more devices than lanes
   */
  static DataParallelEngine open(
      Team team, ModelSource source, List<String> names, IntFunction<ComputeDevice> devices) {
    return open(
        team,
        source,
        resources -> {
          requireALaneEach(team.config(), names.size());
          return openAll(team, source, names, devices, resources);
        });
  }

  /**
   * Opens several pipelines; owns {@code source}.
   *
   * @param team whose lanes are dealt as evenly as possible
   * @param layout of each pipeline
   * @param devices opens a device
   */
  static DataParallelEngine openPipelines(
      Team team,
      ModelSource source,
      EngineShape shape,
      PipelineLayout layout,
      IntFunction<ComputeDevice> devices) {
    int size = layout.roles().size();
    return open(
        team,
        source,
        resources -> {
          List<PipelineEngine> opened =
              Together.open(
                  team.teams(),
                  1, // who pins memory of the host must see what those before have left of it
                  index ->
                      PipelineEngine.open(
                          team.share(index, team.teams()),
                          team.reason(),
                          new SharedSource(source),
                          shape,
                          layout,
                          device -> devices.apply(index * size + device)));
          opened.forEach(resources::add);
          return opened;
        });
  }

  private static DataParallelEngine open(
      Team team, ModelSource source, Function<Resources, List<? extends OpenEngine>> opener) {
    Resources resources = new Resources();
    resources.add(source);
    try {
      List<? extends OpenEngine> members = opener.apply(resources);
      return new DataParallelEngine(team, resources, members);
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

  private static List<LongtakeEngine> openAll(
      Team team,
      ModelSource source,
      List<String> names,
      IntFunction<ComputeDevice> devices,
      Resources resources) {
    int count = names.size();
    EngineConfig config = team.config();
    boolean sharded = config.strategy().equals(ShardedStrategy.NAME);
    List<LongtakeEngine> opened =
        Together.open(
            count,
            // Who pins memory of the host must see what those before have left of it.
            pinsMemory(config, source) ? 1 : count,
            index ->
                LongtakeEngine.open(
                    config.on(names.get(index), team.share(index, count).lanes()),
                    sharded
                        ? LayerSharing.strategy(new Shard(index, count), source.shape(config))
                        : null,
                    sharded ? LayerSharing.source(source, index) : new SharedSource(source),
                    () -> devices.apply(index)));
    opened.forEach(resources::add);
    if (sharded) {
      LayerSharing.connect(new EngineGroup<>(opened), resources);
    }
    return opened;
  }

  /** Deals takes to one engine after the other, as long as they have lanes; returns how many. */
  private int addLanes() {
    int most =
        group.members().stream().mapToInt(engine -> engine.config().lanes()).max().orElseThrow();
    for (int lane = 0; lane < most; lane++) {
      for (OpenEngine engine : group.members()) {
        if (lane < engine.config().lanes()) {
          freeLanes.add(engine);
        }
      }
    }
    return freeLanes.size();
  }

  private static boolean pinsMemory(EngineConfig config, ModelSource source) {
    if (config.strategy().equals(StrategyChooser.AUTO)) {
      return true; // a device that has too little memory will
    }
    ModelShape shape = source.shape(config).model();
    ExecutionStrategy strategy = ExecutionStrategies.named(config.strategy());
    return !strategy.least(shape).equals(Residency.all(shape.dit().layers()));
  }

  /** Returns the whole configuration, with the strategy that the devices were found to need. */
  @Override
  public EngineConfig config() {
    EngineConfig first = group.first().config();
    return config.placed(first.strategy(), first.precision(), first.kvPrecision(), lanes);
  }

  @Override
  public Choice choice() {
    Choice first = group.first().choice();
    String reasons = group.reasons();
    int count = group.members().size();
    String on =
        parts().size() == count
            ? "on each of %d devices ".formatted(count)
            : "%d times ".formatted(count);
    return new Choice(
        on + first.strategy(),
        memoryPlan(),
        reason.isEmpty() ? reasons : "%s; %s".formatted(reason, reasons),
        first.takeFps());
  }

  @Override
  public String memoryPlan() {
    return group.memoryPlan();
  }

  @Override
  public List<DeviceUse> use() {
    return group.use();
  }

  @Override
  public EngineShape shape() {
    return group.first().shape();
  }

  @Override
  public List<Part> parts() {
    return group.parts();
  }

  @Override
  public HostValues encodePrompt(String prompt) {
    return encoder().encodePrompt(prompt);
  }

  @Override
  public HostValues encodeAudio(float[] samples, int silentFrames) {
    return encoder().encodeAudio(samples, silentFrames);
  }

  @Override
  public PictureLatents encodePicture(Picture picture) {
    return encoder().encodePicture(picture);
  }

  /** Returns an engine that encodes: with a lane free, or any. */
  private OpenEngine encoder() {
    return freeLanes.stream().filter(OpenEngine::encodes).findFirst().orElseGet(group::first);
  }

  @Override
  public TakeSession open(TakeSpec spec, TakeNoise random, GenerationListener listener) {
    OpenEngine engine = takeLane();
    try {
      return new Session(engine, engine.open(spec, random, listener));
    } catch (RuntimeException | Error e) {
      freeLanes.add(engine);
      throw e;
    }
  }

  private OpenEngine takeLane() {
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
    private final OpenEngine engine;
    private final TakeSession inner;
    private boolean closed;

    Session(OpenEngine engine, TakeSession inner) {
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
