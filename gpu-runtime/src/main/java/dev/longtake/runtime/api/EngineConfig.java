package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import java.io.Serializable;

/**
 * Everything that decides how an engine is built.
 *
 * @param checkpointDir directory of the checkpoint, readable from every worker
 * @param device {@code "cpu"}, {@code "cuda:N"}, several GPUs separated by commas: {@code
 *     "cuda:0,cuda:1"}, {@code "cuda"} for all, or {@code "cpu:0,cpu:1"} for parts of the CPU that
 *     stand in for several devices
 * @param strategy name of an execution strategy, for example {@code "resident"}, or {@code "auto"}
 *     for the one that is forecast to be fastest of those that fit
 * @param precision of the transformer
 * @param height rows of a video frame, {@code width} columns; both multiples of 16 from 64 on
 * @param clipFrames video frames of a clip, a multiple of 12
 * @param sampleSteps denoising steps
 * @param lanes takes that can be in progress at once, or {@link #LANES_AUTO}
 * @param cpuThreads threads that compute on the CPU
 * @param budgetBytes most memory to use on each device
 * @param kvPrecision of the keys and values that a take keeps
 * @param team how several devices share the work on a video
 * @param fidelity whether pixels may differ from those of what was asked for
 */
public record EngineConfig(
    String checkpointDir,
    String device,
    String strategy,
    Precision precision,
    int height,
    int width,
    int clipFrames,
    int sampleSteps,
    int lanes,
    int cpuThreads,
    long budgetBytes,
    Precision kvPrecision,
    GpuTeam team,
    Fidelity fidelity)
    implements Serializable {
  /** As many lanes as are forecast to be fastest. */
  public static final int LANES_AUTO = 0;

  /** What these can be; beyond it, more have shown no gain but need more of the host's memory. */
  public static final int MOST_LANES = 8;

  private static final int BLOCK_FRAMES = 12;
  private static final int SIDE_STEP = 16;
  private static final int SMALLEST_SIDE = 64;

  /** Checks every value on its own. */
  public EngineConfig {
    requireNonNull(checkpointDir, "checkpointDir");
    requireNonNull(device, "device");
    requireNonNull(strategy, "strategy");
    requireNonNull(precision, "precision");
    requireNonNull(kvPrecision, "kvPrecision");
    requireNonNull(team, "team");
    requireNonNull(fidelity, "fidelity");
    checkArgument(
        height >= SMALLEST_SIDE
            && width >= SMALLEST_SIDE
            && height % SIDE_STEP == 0
            && width % SIDE_STEP == 0,
        "height and width must be multiples of %s from %s on, but were %s and %s",
        SIDE_STEP,
        SMALLEST_SIDE,
        height,
        width);
    checkArgument(
        clipFrames > 0 && clipFrames % BLOCK_FRAMES == 0,
        "clipFrames must be a positive multiple of %s, but was %s",
        BLOCK_FRAMES,
        clipFrames);
    checkArgument(sampleSteps >= 1, "sampleSteps must be at least 1, but was %s", sampleSteps);
    checkArgument(lanes >= LANES_AUTO, "lanes must not be negative, but was %s", lanes);
    checkArgument(cpuThreads >= 1, "cpuThreads must be at least 1, but was %s", cpuThreads);
    checkArgument(budgetBytes > 0, "budgetBytes must be positive, but was %s", budgetBytes);
  }

  /** Creates a configuration in which devices share the work as they usually do. */
  public EngineConfig(
      String checkpointDir,
      String device,
      String strategy,
      Precision precision,
      int height,
      int width,
      int clipFrames,
      int sampleSteps,
      int lanes,
      int cpuThreads,
      long budgetBytes,
      Precision kvPrecision) {
    this(
        checkpointDir,
        device,
        strategy,
        precision,
        height,
        width,
        clipFrames,
        sampleSteps,
        lanes,
        cpuThreads,
        budgetBytes,
        kvPrecision,
        GpuTeam.USUAL,
        Fidelity.AS_ASKED);
  }

  /** Creates a configuration whose keys and values are as precise as the device's activations. */
  public EngineConfig(
      String checkpointDir,
      String device,
      String strategy,
      Precision precision,
      int height,
      int width,
      int clipFrames,
      int sampleSteps,
      int lanes,
      int cpuThreads,
      long budgetBytes) {
    this(
        checkpointDir,
        device,
        strategy,
        precision,
        height,
        width,
        clipFrames,
        sampleSteps,
        lanes,
        cpuThreads,
        budgetBytes,
        precision == Precision.FP8 ? Precision.BF16 : precision);
  }

  /** Returns the same for another device, with other lanes. */
  public EngineConfig on(String otherDevice, int otherLanes) {
    return copy(
        otherDevice, strategy, precision, kvPrecision, otherLanes, budgetBytes, team, fidelity);
  }

  /** Returns the usual configuration on the CPU: clips of 48 frames, 4 steps, one lane. */
  public static EngineConfig onCpu(String checkpointDir, int height, int width, int cpuThreads) {
    return new EngineConfig(
        checkpointDir,
        "cpu",
        "resident",
        Precision.FP32,
        height,
        width,
        48,
        4,
        1,
        cpuThreads,
        Long.MAX_VALUE);
  }

  /** Returns the same with another strategy. */
  public EngineConfig withStrategy(String other) {
    return placed(other, precision, kvPrecision, lanes);
  }

  /** Returns the same with devices that share the work in another way. */
  public EngineConfig withTeam(GpuTeam other) {
    return copy(device, strategy, precision, kvPrecision, lanes, budgetBytes, other, fidelity);
  }

  /** Returns the same with other pixels allowed, or not. */
  public EngineConfig withFidelity(Fidelity other) {
    return copy(device, strategy, precision, kvPrecision, lanes, budgetBytes, team, other);
  }

  /** Returns the same with other memory to use on each device. */
  public EngineConfig withBudget(long otherBytes) {
    return copy(device, strategy, precision, kvPrecision, lanes, otherBytes, team, fidelity);
  }

  /** Returns the same with everything chosen that was left open. */
  public EngineConfig placed(
      String chosenStrategy, Precision chosen, Precision chosenKv, int chosenLanes) {
    return copy(device, chosenStrategy, chosen, chosenKv, chosenLanes, budgetBytes, team, fidelity);
  }

  /** Returns the same for the same model and video, placed in another way. */
  private EngineConfig copy(
      String otherDevice,
      String otherStrategy,
      Precision other,
      Precision otherKv,
      int otherLanes,
      long otherBudgetBytes,
      GpuTeam otherTeam,
      Fidelity otherFidelity) {
    return new EngineConfig(
        checkpointDir,
        otherDevice,
        otherStrategy,
        other,
        height,
        width,
        clipFrames,
        sampleSteps,
        otherLanes,
        cpuThreads,
        otherBudgetBytes,
        otherKv,
        otherTeam,
        otherFidelity);
  }
}
