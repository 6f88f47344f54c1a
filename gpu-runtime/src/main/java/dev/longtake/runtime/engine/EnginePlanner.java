package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.HostReadback;
import dev.longtake.runtime.engine.device.Readback;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.model.wav2vec2.AudioWindows;
import dev.longtake.runtime.model.wav2vec2.FeatureTiming;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.spi.ExecutionStrategy;
import java.util.List;

/**
 * Finds out what an engine will need by running it where nothing is computed: it loads, encodes the
 * largest conditions, and generates until every kind of work has been done.
 */
final class EnginePlanner {
  private static final int LONGEST_WINDOW_SECONDS = 60;

  private EnginePlanner() {}

  /**
   * Plans an engine. The text encoder stays on the device if there is room for it, else it is a
   * guest in a free lane's memory whenever a prompt is encoded.
   *
   * @param budgetBytes most memory to use
   */
  static MemoryPlan plan(
      EngineShape shape,
      ModelSource source,
      ExecutionStrategy strategy,
      ComputeDevice device,
      int lanes,
      long budgetBytes) {
    try (Ops ops = device.planningOps()) {
      Arena weights = new Arena("planned weights", new PlannedBlock());
      Arena text = new Arena("planned text encoder", new PlannedBlock());
      Arena laneMemory = new Arena("planned lane", new PlannedBlock());
      ModelStack stack =
          ModelStack.load(shape, source, source::plannedReader, strategy, device, ops, weights);
      T5Encoder textEncoder =
          ModelStack.loadTextEncoder(shape, source, source::plannedReader, ops, text);
      Lane lane = Lane.allocate(stack, laneMemory);
      rehearse(stack, textEncoder, lane, readback(ops, shape));
      MemoryPlan plan =
          new MemoryPlan(
              weights.peakBytes(),
              text.peakBytes(),
              laneMemory.peakBytes(),
              lanes,
              device.fixedWorkspaceBytes() + ops.workspace().peakBytes());
      return plan.totalBytes() <= budgetBytes ? plan : plan.withTextEncoderInLane();
    }
  }

  private static Readback readback(Ops ops, EngineShape shape) {
    return new HostReadback(ops, DitConfig.BLOCK_FRAMES, shape.latentFrameValues());
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
  static void rehearse(ModelStack stack, T5Encoder textEncoder, Lane lane, Readback readback) {
    ConditionEncoder conditions = new ConditionEncoder(stack);
    int[] ids = new int[stack.shape().model().dit().textTokens()];
    HostValues prompt = conditions.prompt(textEncoder, ids);
    float[] samples = new float[LONGEST_WINDOW_SECONDS * FeatureTiming.SAMPLE_RATE_HZ];
    HostValues audio =
        conditions.audio(samples, AudioWindows.of(stack.shape().wav2vec2(), samples.length));
    PictureLatents picture =
        conditions.picture(new float[stack.shape().height() * stack.shape().width() * 3]);
    ClipGenerator generator =
        new ClipGenerator(
            stack,
            lane,
            readback,
            TakeSpec.first(prompt, picture, audio, 0),
            new TakeRandom(0, 0),
            pass -> stack.executor().sweep(List.of(pass)),
            GenerationListener.NONE);
    generator.start();
    for (int block = 0; block <= stack.shape().model().blocks(); block++) {
      generator.nextBlock(Runnable::run, (frame, rgb) -> {});
    }
    generator.deliver((frame, rgb) -> {});
    conditions.end(generator.history(), generator.frames());
  }
}
