package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.model.wav2vec2.AudioWindows;
import dev.longtake.runtime.model.wav2vec2.FeatureTiming;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.weights.Checkpoint;

/**
 * Finds out what an engine will need by running it where nothing is computed: it loads, encodes the
 * largest conditions, and generates until every kind of work has been done.
 */
final class EnginePlanner {
  private static final int LONGEST_WINDOW_SECONDS = 61;

  private EnginePlanner() {}

  static MemoryPlan plan(
      EngineShape shape,
      Checkpoint checkpoint,
      ExecutionStrategy strategy,
      DType activationType,
      int lanes) {
    try (PlanningOps ops = new PlanningOps(activationType)) {
      Arena weights = new Arena("planned weights", new PlannedBlock());
      Arena laneMemory = new Arena("planned lane", new PlannedBlock());
      ModelStack stack =
          ModelStack.load(
              shape, checkpoint, strategy, StackReaders.planned(ops, weights), ops, weights);
      Lane lane = Lane.allocate(stack, laneMemory);
      rehearse(stack, lane);
      return new MemoryPlan(
          weights.peakBytes(), laneMemory.peakBytes(), lanes, ops.workspace().peakBytes());
    }
  }

  /** Refuses a plan that is larger than what it may use. */
  static void requireFits(MemoryPlan plan, String strategy, long budgetBytes) {
    if (plan.totalBytes() > budgetBytes) {
      throw new LongtakeException(
          ErrorCode.PLAN_DOES_NOT_FIT,
          "Strategy '%s' needs %s, but the budget is %.2f GiB. "
                  .formatted(strategy, plan.describe(), budgetBytes / (double) (1L << 30))
              + "Use fewer lanes, a smaller size or fewer frames a clip, or raise the budget.");
    }
  }

  /** Does every kind of work once, at its largest. */
  static void rehearse(ModelStack stack, Lane lane) {
    ConditionEncoder conditions = new ConditionEncoder(stack);
    HostValues prompt = conditions.prompt(new int[stack.shape().model().dit().textTokens()]);
    float[] samples = new float[LONGEST_WINDOW_SECONDS * FeatureTiming.SAMPLE_RATE_HZ];
    HostValues audio =
        conditions.audio(samples, AudioWindows.of(stack.shape().wav2vec2(), samples.length));
    PictureLatents picture =
        conditions.picture(new float[stack.shape().height() * stack.shape().width() * 3]);
    ClipGenerator generator =
        new ClipGenerator(
            stack,
            lane,
            TakeSpec.first(prompt, picture, audio, 0),
            new TakeRandom(0, 0),
            GenerationListener.NONE);
    generator.start();
    for (int block = 0; block <= stack.shape().model().blocks(); block++) {
      generator.nextBlock((frame, rgb) -> {});
    }
    conditions.end(generator.history(), generator.frames());
  }
}
