package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.ModelSource.PartReader;
import dev.longtake.runtime.engine.ModelSource.Readers;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.Dit;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.DitWeights;
import dev.longtake.runtime.model.dit.TimestepEmbedding;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.FlowMatchSchedule;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.weights.ArenaWeightReader;
import dev.longtake.runtime.weights.WeightTypes;

/**
 * The transformer on a device, or a part of it.
 *
 * @param ops of the device
 * @param executor carries its forwards out
 */
record Transformer(
    EngineShape shape, Ops ops, FlowMatchSchedule schedule, Dit dit, DenoiseExecutor executor) {
  /**
   * Loads the transformer.
   *
   * @param readers those of a source that read, or those that plan
   * @param residency how much of it stays on the device
   * @param placement on {@code device}, or what stands in for it while planning
   */
  static Transformer load(
      EngineShape shape,
      Readers readers,
      ExecutionStrategy strategy,
      Residency residency,
      ComputeDevice device,
      Placement placement) {
    Ops ops = placement.ops();
    FlowMatchSchedule schedule = FlowMatchSchedule.of(shape.model().steps());
    PartReader reader = readers.open(ModelPart.TRANSFORMER, ops, placement.device(), types(device));
    Dit dit = loadDit(shape, reader.weights(), schedule, ops, placement.device());
    DenoiseExecutor executor = strategy.open(shape.model(), reader.weights(), placement, residency);
    reader.requireAllRead().run();
    return new Transformer(shape, ops, schedule, dit, executor);
  }

  private static Dit loadDit(
      EngineShape shape,
      ArenaWeightReader weights,
      FlowMatchSchedule schedule,
      Ops ops,
      Arena arena) {
    DitConfig config = shape.model().dit();
    DitWeights outside = DitWeights.read(weights, config);
    try (Arena.Scope scope = ops.workspace().scope()) {
      TimestepEmbedding.Weights time =
          TimestepEmbedding.Weights.read(weights.into(ops.workspace()), config);
      return new Dit(ops, arena, config, outside, time, shape.model().grid(), schedule.timesteps());
    }
  }

  /**
   * Returns the types of the parameters. With layers in FP8, all their linear maps are, those of
   * the audio injectors too; text, time, head and sound stay as they are, as the official code has
   * it.
   */
  private static WeightTypes types(ComputeDevice device) {
    if (device.layerType() != DType.FP8_E4M3) {
      return WeightTypes.all(device.layerType());
    }
    return new WeightTypes(
        device.activationType(),
        name -> name.startsWith("blocks.") || name.startsWith("audio_injector."));
  }
}
