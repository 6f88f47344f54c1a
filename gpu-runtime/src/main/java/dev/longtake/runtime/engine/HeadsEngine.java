package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.api.Choice;
import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.Fidelity;
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
import dev.longtake.runtime.strategy.sharded.HeadExchange;
import dev.longtake.runtime.strategy.sharded.HeadsStrategy;
import dev.longtake.runtime.strategy.sharded.Meeting;
import dev.longtake.runtime.strategy.sharded.Shard;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.function.IntFunction;

/**
 * Several devices that render every take together, each with some of the tokens and heads. Every
 * device does what it would do alone, with the same random numbers, and in the same order as the
 * others; so what they have to tell each other is tokens' heads, and the patches of what a forward
 * predicts. The first device encodes and decodes.
 */
final class HeadsEngine implements OpenEngine {
  private final EngineConfig config;
  private final Resources resources;
  private final EngineGroup<LongtakeEngine> group;
  private final Team team;
  private final Semaphore freeLanes;

  private HeadsEngine(
      EngineConfig config, Resources resources, EngineGroup<LongtakeEngine> group, Team team) {
    this.config = config;
    this.resources = resources;
    this.group = group;
    this.team = team;
    this.freeLanes = new Semaphore(config.lanes(), true);
  }

  /**
   * Opens the devices; owns {@code source}.
   *
   * @param names of the devices
   * @param devices opens a device
   * @throws LongtakeException INVALID_CONFIG if there are not as many as the configuration says, or
   *     more than heads
   */
  static HeadsEngine open(
      EngineConfig asked,
      ModelSource source,
      List<String> names,
      IntFunction<ComputeDevice> devices) {
    // One take gives all devices work, and what is the same for it has to be so on all of them.
    EngineConfig config =
        asked.on(asked.device(), Math.max(1, asked.lanes())).withFidelity(Fidelity.AS_ASKED);
    Resources resources = new Resources();
    resources.add(source);
    try {
      requireHeads(config, source, names.size());
      return openAll(config, source, names, devices, resources);
    } catch (RuntimeException | Error e) {
      resources.closeAfter(e);
      throw e;
    }
  }

  private static void requireHeads(EngineConfig config, ModelSource source, int devices) {
    int asked = config.team().ulyssesSize();
    if (asked != devices) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          ("ulyssesSize is %d, but there %s %d device%s: %s. Name as many devices, or set "
                  + "ulyssesSize to their number.")
              .formatted(
                  asked,
                  devices == 1 ? "is" : "are",
                  devices,
                  devices == 1 ? "" : "s",
                  config.device()));
    }
    int heads = source.shape(config).model().dit().heads();
    if (devices > heads) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          ("The transformer has %d attention heads, too few for %d devices to have some each. "
                  + "Set ulyssesSize to %d at most, and name as many devices.")
              .formatted(heads, devices, heads));
    }
  }

  private static HeadsEngine openAll(
      EngineConfig config,
      ModelSource source,
      List<String> names,
      IntFunction<ComputeDevice> devices,
      Resources resources) {
    int count = names.size();
    List<LongtakeEngine> members =
        Together.open(
            count,
            count,
            rank ->
                LongtakeEngine.open(
                    config.on(names.get(rank), config.lanes()),
                    new HeadsStrategy(new Shard(rank, count)),
                    rank == 0
                        ? new SharedSource(source)
                        : new SharedSource(source, EnumSet.of(ModelPart.TRANSFORMER)),
                    () -> devices.apply(rank)));
    members.forEach(resources::add);
    // One that was refused memory may have fewer lanes than were asked for.
    int lanes = members.stream().mapToInt(each -> each.config().lanes()).min().orElseThrow();
    Meeting meeting = new Meeting(count);
    List<HeadExchange> exchanges = members.stream().map(HeadsEngine::exchange).toList();
    EngineGroup<LongtakeEngine> group = new EngineGroup<>(members);
    LinkTable table = EngineGroup.measureLinks(group);
    for (int to = 0; to < count; to++) {
      exchanges
          .get(to)
          .connect(exchanges, EngineGroup.linksTo(group, to, table, resources), meeting);
    }
    Runnable settle = () -> members.forEach(HeadsEngine::settle);
    resources.add(settle::run); // nothing may be on its way when links and devices are closed
    Team team = resources.add(new Team(count, meeting, settle));
    return new HeadsEngine(config.on(config.device(), lanes), resources, group, team);
  }

  private static HeadExchange exchange(LongtakeEngine member) {
    return (HeadExchange)
        Objects.requireNonNull(member.stack().transformer().executor().division());
  }

  private static void settle(LongtakeEngine member) {
    member.device().makeCurrent();
    exchange(member).settle();
  }

  @Override
  public EngineConfig config() {
    return config;
  }

  @Override
  public Choice choice() {
    Choice first = group.first().choice();
    return new Choice(
        "%s by heads on %d devices".formatted(config.strategy(), group.members().size()),
        memoryPlan(),
        group.reasons(),
        first.takeFps());
  }

  @Override
  public String memoryPlan() {
    return group.memoryPlan();
  }

  @Override
  public EngineShape shape() {
    return group.first().shape();
  }

  @Override
  public List<DeviceUse> use() {
    return group.use();
  }

  @Override
  public List<Part> parts() {
    return group.parts();
  }

  @Override
  public HostValues encodePrompt(String prompt) {
    return group.first().encodePrompt(prompt);
  }

  @Override
  public HostValues encodeAudio(float[] samples, int silentFrames) {
    return group.first().encodeAudio(samples, silentFrames);
  }

  @Override
  public PictureLatents encodePicture(Picture picture) {
    return group.first().encodePicture(picture);
  }

  /** Only the first device's intermediate results are seen by {@code listener}. */
  @Override
  public TakeSession open(TakeSpec spec, TakeNoise random, GenerationListener listener) {
    freeLanes.acquireUninterruptibly();
    Session session = new Session();
    try {
      team.together(
          rank ->
              session.set(
                  rank,
                  group
                      .members()
                      .get(rank)
                      .open(spec, random, rank == 0 ? listener : GenerationListener.NONE)));
      return session;
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  @Override
  public void close() {
    checkState(freeLanes.availablePermits() == config.lanes(), "a take is still open");
    resources.close();
  }

  /** A take on all devices. */
  private final class Session implements TakeSession {
    private final TakeSession[] takes = new TakeSession[group.members().size()];
    private boolean closed;

    void set(int rank, TakeSession take) {
      takes[rank] = take;
    }

    @Override
    public void renderClip(FrameSink sink) {
      checkState(!closed, "the take is closed");
      team.together(rank -> takes[rank].renderClip(rank == 0 ? sink : (frame, rgb) -> {}));
    }

    @Override
    public int frames() {
      return takes[0].frames();
    }

    @Override
    public TakeState state(int keptFrames) {
      return takes[0].state(keptFrames);
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        for (TakeSession take : takes) {
          if (take != null) { // not all have been opened, if one has failed
            take.close();
          }
        }
        freeLanes.release();
      }
    }
  }
}
