package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkState;
import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.api.Choice;
import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.FrameSink;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.engine.StrategyChooser.Chosen;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.engine.device.Readback;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.picture.PictureResizer;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.weights.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An engine on one device, which its threads have in turn; see {@link DeviceTurns}. */
public final class LongtakeEngine implements OpenEngine {
  private static final Logger LOG = LoggerFactory.getLogger(LongtakeEngine.class);

  private final EngineConfig config;
  private final ComputeDevice device;
  private final ModelSource source;
  private final EngineShape shape;
  private final EnginePlan plan;
  private final Choice choice;
  private final Resources resources;
  private final DeviceQueues queues;
  private final ModelStack stack;
  private final @Nullable TextEncoders textEncoders; // null if prompts are encoded elsewhere
  private final LanePool lanes;
  private final DeviceTurns turns;

  private LongtakeEngine(
      EngineConfig asked,
      Chosen chosen,
      ModelSource source,
      Resources own, // what is opened here; belongs to resources in the end
      Resources resources) {
    long started = System.nanoTime();
    Candidate candidate = chosen.candidate();
    this.device = chosen.device();
    this.source = source;
    this.resources = resources;
    this.config = candidate.configure(asked);
    this.shape = candidate.planner().shape();
    this.plan = candidate.plan();
    this.choice = chosen.choice();
    ReservedDevice reserved = ReservedDevice.open(device, plan.memory(), source, own);
    List<Readback> readbacks = new ArrayList<>();
    for (int i = 0; i < plan.memory().lanes(); i++) {
      readbacks.add(
          own.add(
              device.openReadback(
                  reserved.ops(), DitConfig.BLOCK_FRAMES, shape.latentFrameValues())));
    }
    this.queues = reserved.queues();
    this.stack =
        ModelStack.load(
            shape,
            source,
            source::reader,
            candidate.strategy(),
            plan.residency(),
            device,
            reserved.placement());
    this.textEncoders =
        plan.text() == TextPlacement.ABSENT
            ? null
            : TextEncoders.open(shape, source, stack.ops(), plan.text(), reserved.text(), own);
    this.turns = new DeviceTurns(device::makeCurrent, stack.transformer().executor());
    this.lanes = new LanePool(stack, reserved.lanes(), reserved.hostLanes(), readbacks);
    reserved.awaitWeights();
    resources.add(own::close);
    LOG.info(
        "Opened {} on {} in {} ms: strategy {}; {}",
        source.description(),
        device.description(),
        (System.nanoTime() - started) / 1_000_000,
        choice.line(),
        plan.describe());
  }

  /**
   * Opens an engine; see {@link dev.longtake.runtime.api.EngineProvider#open}.
   *
   * @param checkpoint closed with the engine, or at once if it cannot be opened
   */
  public static LongtakeEngine open(EngineConfig config, Checkpoint checkpoint) {
    return open(config, new CheckpointSource(checkpoint, config.checkpointDir()));
  }

  /** Opens an engine on the device that its configuration names; owns {@code source}. */
  public static LongtakeEngine open(EngineConfig config, ModelSource source) {
    DeviceChoice choice =
        DeviceChoice.of(config.device(), config.precision(), config.kvPrecision());
    return open(config, source, () -> choice.open(config.cpuThreads()));
  }

  /** Opens an engine on a device of the caller's choice; owns both. */
  public static LongtakeEngine open(
      EngineConfig config, ModelSource source, Supplier<ComputeDevice> device) {
    return open(config, null, source, device);
  }

  /**
   * Opens an engine with a strategy of the caller's choice; owns source and device.
   *
   * @param given null for the one that the configuration names
   */
  static LongtakeEngine open(
      EngineConfig config,
      @Nullable ExecutionStrategy given,
      ModelSource source,
      Supplier<ComputeDevice> device) {
    Resources resources = new Resources();
    resources.add(source);
    try {
      ComputeDevice opened = resources.add(device.get());
      StrategyChooser chooser = new StrategyChooser(config, given, source, opened);
      MemoryLadder ladder = new MemoryLadder(chooser, opened, MemoryBudget.of(config, opened));
      while (true) {
        Chosen chosen = ladder.next();
        Optional<LongtakeEngine> engine = tryOpening(config, chosen, source, resources, ladder);
        if (engine.isPresent()) {
          return engine.get();
        }
      }
    } catch (RuntimeException | Error e) {
      resources.closeAfter(e);
      throw e;
    }
  }

  /** Opens an engine, or steps down; what it opened is closed then. */
  private static Optional<LongtakeEngine> tryOpening(
      EngineConfig config,
      Chosen chosen,
      ModelSource source,
      Resources resources,
      MemoryLadder ladder) {
    Resources own = new Resources();
    try {
      return Optional.of(new LongtakeEngine(config, chosen, source, own, resources));
    } catch (LongtakeException e) {
      own.closeAfter(e);
      ladder.stepDown(chosen, e);
      return Optional.empty();
    } catch (RuntimeException | Error e) {
      own.closeAfter(e);
      throw e;
    }
  }

  @Override
  public EngineConfig config() {
    return config;
  }

  @Override
  public String memoryPlan() {
    return plan.describe();
  }

  @Override
  public List<DeviceUse> use() {
    return List.of(new DeviceUse(plan.memory().reservedBytes(), queues.copiedBytes()));
  }

  @Override
  public Choice choice() {
    return choice;
  }

  @Override
  public HostValues encodePrompt(String prompt) {
    TextEncoders encoders = requireNonNull(textEncoders, "prompts are encoded on another device");
    int[] ids = encoders.tokens(prompt);
    T5Encoder resident = encoders.resident();
    if (resident != null) {
      return turns.get(() -> conditions().prompt(resident, ids));
    }
    LanePool.Slot slot = lanes.take();
    try {
      return turns.get(() -> conditions().prompt(encoders.visiting(slot.memory()), ids));
    } finally {
      turns.run(() -> lanes.giveBackOverwritten(slot));
    }
  }

  @Override
  public HostValues encodeAudio(float[] samples, int silentFrames) {
    return turns.get(() -> conditions().audio(samples, silentFrames));
  }

  @Override
  public PictureLatents encodePicture(Picture picture) {
    float[] pixels = PictureResizer.cover(picture, config.height(), config.width()).toSignedUnit();
    return turns.get(() -> conditions().picture(pixels));
  }

  @Override
  public boolean encodes() {
    return textEncoders != null;
  }

  private ConditionEncoder conditions() {
    return new ConditionEncoder(stack.media());
  }

  @Override
  public TakeSession open(TakeSpec spec, TakeNoise random, GenerationListener listener) {
    LanePool.Slot slot = lanes.take();
    try {
      FrameDelivery delivery =
          slot.lane().decoding() == null ? null : new FrameDelivery(shape, slot.readback());
      ClipGenerator generator =
          new ClipGenerator(stack, slot.lane(), delivery, spec, random, turns::sweep, listener);
      listener.placed(device, stack.ops());
      turns.render(() -> turns.run(generator::start));
      return new Session(slot, generator, delivery);
    } catch (RuntimeException | Error e) {
      lanes.giveBack(slot);
      throw e;
    }
  }

  /** Returns the device's operations, for a {@link GenerationListener} to read tensors with. */
  public Ops ops() {
    return stack.ops();
  }

  ModelStack stack() {
    return stack;
  }

  DeviceQueues queues() {
    return queues;
  }

  MemoryPlan plan() {
    return plan.memory();
  }

  Residency residency() {
    return plan.residency();
  }

  /** Returns what plans engines of this one's model, size and device. */
  EnginePlanner planner() {
    return new EnginePlanner(shape, source, device);
  }

  @Override
  public List<Part> parts() {
    return List.of(new Part(device, plan.memory(), plan.describe()));
  }

  @Override
  public EngineShape shape() {
    return shape;
  }

  /** Returns the device. */
  public ComputeDevice device() {
    return device;
  }

  /** Returns the bytes that were planned for the device, those that its driver takes included. */
  public long plannedBytes() {
    return plan.memory().totalBytes();
  }

  /** Returns the bytes of pinned host memory that were planned. */
  public long plannedHostBytes() {
    return plan.memory().hostBytes();
  }

  @Override
  public void close() {
    checkState(lanes.allFree(), "a take is still open; close it first");
    device.makeCurrent();
    resources.close();
  }

  private final class Session implements TakeSession {
    private final LanePool.Slot slot;
    private final ClipGenerator generator;
    private final @Nullable FrameDelivery delivery;
    private boolean closed;

    Session(LanePool.Slot slot, ClipGenerator generator, @Nullable FrameDelivery delivery) {
      this.slot = slot;
      this.generator = generator;
      this.delivery = delivery;
    }

    @Override
    public void renderClip(FrameSink sink) {
      checkState(!closed, "the take is closed");
      turns.render(
          () -> {
            for (int ring = 0; ring < shape.ringsPerClip(); ring++) {
              do {
                generator.nextBlock(turns::run, sink);
              } while (!generator.atClipStart());
            }
            if (generator.soundFollows()) {
              generator.begin(turns::run);
            }
          });
      generator.deliver(sink);
    }

    @Override
    public int frames() {
      return delivery().frames();
    }

    @Override
    public TakeState state(int keptFrames) {
      delivery().requireEnd(keptFrames);
      return turns.get(() -> conditions().end(delivery().history(), keptFrames));
    }

    private FrameDelivery delivery() {
      return requireNonNull(delivery, "another device decodes");
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        lanes.giveBack(slot);
      }
    }
  }
}
