package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.FrameSink;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.model.picture.PictureResizer;
import dev.longtake.runtime.model.t5.PromptText;
import dev.longtake.runtime.model.t5.PromptTokenizer;
import dev.longtake.runtime.model.wav2vec2.AudioWindows;
import dev.longtake.runtime.model.wav2vec2.FeatureTiming;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.weights.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An engine on the CPU. What its threads ask for is computed a frame block at a time, in turn. */
public final class LongtakeEngine implements AvatarEngine {
  private static final Logger LOG = LoggerFactory.getLogger(LongtakeEngine.class);

  private final EngineConfig config;
  private final MemoryPlan plan;
  private final Resources resources;
  private final ModelStack stack;
  private final PromptTokenizer tokenizer;
  private final ConditionEncoder conditions;
  private final List<Lane> lanes = new ArrayList<>();
  private final BlockingQueue<Lane> freeLanes;
  private final ReentrantLock device = new ReentrantLock(true);

  private LongtakeEngine(EngineConfig config, Checkpoint checkpoint, Resources resources) {
    long started = System.nanoTime();
    EngineShape shape =
        EngineShape.of(
            checkpoint, config.height(), config.width(), config.clipFrames(), config.sampleSteps());
    ExecutionStrategy strategy = ExecutionStrategies.named(config.strategy());
    this.config = config;
    this.resources = resources;
    this.plan = EnginePlanner.plan(shape, checkpoint, strategy, DType.FP32, config.lanes());
    EnginePlanner.requireFits(plan, config.strategy(), config.budgetBytes());
    this.tokenizer =
        resources.add(
            PromptTokenizer.open(checkpoint.tokenizerJson(), shape.model().dit().textTokens()));
    HostBlock memory = resources.add(HostBlock.reserve(plan.totalBytes()));
    long laneStart = plan.weightBytes();
    long workspaceStart = laneStart + plan.laneBytes() * plan.lanes();
    Ops ops =
        resources.add(
            new CpuOps(config.cpuThreads(), memory.part(workspaceStart, plan.workspaceBytes())));
    Arena weights = new Arena("weights", memory.part(0, plan.weightBytes()));
    StackReaders readers = StackReaders.of(checkpoint, ops, weights);
    this.stack = ModelStack.load(shape, checkpoint, strategy, readers, ops, weights);
    readers.requireAllRead().run();
    this.conditions = new ConditionEncoder(stack);
    for (int i = 0; i < plan.lanes(); i++) {
      long start = laneStart + i * plan.laneBytes();
      lanes.add(Lane.allocate(stack, new Arena("lane " + i, memory.part(start, plan.laneBytes()))));
    }
    this.freeLanes = new LinkedBlockingQueue<>(lanes);
    LOG.info(
        "Opened {} in {} ms: strategy {}, {}",
        config.checkpointDir(),
        (System.nanoTime() - started) / 1_000_000,
        config.strategy(),
        plan.describe());
  }

  /**
   * Opens an engine; see {@link dev.longtake.runtime.api.EngineProvider#open}.
   *
   * @param checkpoint closed with the engine, or at once if it cannot be opened
   */
  public static LongtakeEngine open(EngineConfig config, Checkpoint checkpoint) {
    Resources resources = new Resources();
    resources.add(checkpoint);
    try {
      return new LongtakeEngine(config, checkpoint, resources);
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
  public String memoryPlan() {
    return plan.describe();
  }

  @Override
  public HostValues encodePrompt(String prompt) {
    int[] ids = tokenizer.encode(PromptText.clean(prompt));
    device.lock();
    try {
      return conditions.prompt(ids);
    } finally {
      device.unlock();
    }
  }

  @Override
  public HostValues encodeAudio(float[] samples, int silentFrames) {
    checkArgument(silentFrames >= 0, "silentFrames must not be negative, but was %s", silentFrames);
    int lead = silentFrames * FeatureTiming.SAMPLE_RATE_HZ / ConditionEncoder.FRAME_RATE_FPS;
    float[] withSilence = new float[Math.addExact(lead, samples.length)];
    System.arraycopy(samples, 0, withSilence, lead, samples.length);
    AudioWindows windows = AudioWindows.of(stack.shape().wav2vec2(), withSilence.length);
    device.lock();
    try {
      return conditions.audio(withSilence, windows);
    } finally {
      device.unlock();
    }
  }

  @Override
  public PictureLatents encodePicture(Picture picture) {
    float[] pixels = PictureResizer.cover(picture, config.height(), config.width()).toSignedUnit();
    device.lock();
    try {
      return conditions.picture(pixels);
    } finally {
      device.unlock();
    }
  }

  @Override
  public TakeSession open(TakeSpec spec) {
    return open(spec, new TakeRandom(spec.seed(), spec.take()), GenerationListener.NONE);
  }

  /**
   * Begins a take whose random numbers and intermediate results are somebody else's.
   *
   * @param listener called while the device is this take's alone; its forwards run on {@link #ops}
   */
  public TakeSession open(TakeSpec spec, TakeNoise random, GenerationListener listener) {
    Lane lane = takeLane();
    try {
      ClipGenerator generator = new ClipGenerator(stack, lane, spec, random, listener);
      device.lock();
      try {
        generator.start();
      } finally {
        device.unlock();
      }
      return new Session(lane, generator);
    } catch (RuntimeException | Error e) {
      freeLanes.add(lane);
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

  MemoryPlan plan() {
    return plan;
  }

  List<Lane> lanes() {
    return lanes;
  }

  @Override
  public void close() {
    checkState(freeLanes.size() == plan.lanes(), "a take is still open; close it first");
    resources.close();
  }

  private Lane takeLane() {
    try {
      return freeLanes.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for a lane", e);
    }
  }

  private final class Session implements TakeSession {
    private final Lane lane;
    private final ClipGenerator generator;
    private boolean closed;

    Session(Lane lane, ClipGenerator generator) {
      this.lane = lane;
      this.generator = generator;
    }

    @Override
    public void renderClip(FrameSink sink) {
      checkState(!closed, "the take is closed");
      do {
        device.lock();
        try {
          generator.nextBlock(sink);
        } finally {
          device.unlock();
        }
      } while (!generator.atClipStart());
    }

    @Override
    public int frames() {
      return generator.frames();
    }

    @Override
    public TakeState state(int keptFrames) {
      checkArgument(
          keptFrames > 0
              && keptFrames <= generator.frames()
              && keptFrames >= generator.frames() - config.clipFrames(),
          "keptFrames must end the take within its last clip, but was %s of %s",
          keptFrames,
          generator.frames());
      device.lock();
      try {
        return conditions.end(generator.history(), keptFrames);
      } finally {
        device.unlock();
      }
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        freeLanes.add(lane);
      }
    }
  }

  /** Things to close, last opened first, each even if another cannot be closed. */
  private static final class Resources {
    private final List<AutoCloseable> opened = new ArrayList<>();

    <T extends AutoCloseable> T add(T resource) {
      opened.add(resource);
      return resource;
    }

    void close() {
      RuntimeException failure = new IllegalStateException("the engine could not be closed");
      closeAfter(failure);
      if (failure.getSuppressed().length > 0) {
        throw failure;
      }
    }

    void closeAfter(Throwable cause) {
      for (int i = opened.size() - 1; i >= 0; i--) {
        try {
          opened.get(i).close();
        } catch (Exception e) {
          cause.addSuppressed(e);
        }
      }
      opened.clear();
    }
  }
}
