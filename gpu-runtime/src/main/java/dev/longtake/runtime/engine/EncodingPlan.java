package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.ops.Ops;

/**
 * What encoding a take's conditions and its end needs, found out by doing it once at its largest.
 * It is the same in whatever precision the transformer is.
 *
 * @param spec conditions of the largest sizes
 * @param textBytes of the text encoder
 * @param textLayerBytes of the text encoder, if its layers are read one at a time
 * @param workspaceBytes that are in use at once, at most
 */
record EncodingPlan(TakeSpec spec, long textBytes, long textLayerBytes, long workspaceBytes) {
  /** Returns the plan of a device that encodes nothing. */
  static EncodingPlan elsewhere(EngineShape shape) {
    return new EncodingPlan(Rehearsal.encoded(shape), 0, 0, 0);
  }

  /** Rehearses what a device encodes that has the models of {@code source}. */
  static EncodingPlan rehearse(EngineShape shape, ModelSource source, ComputeDevice device) {
    if (!source.parts().contains(ModelPart.VAE)) {
      return elsewhere(shape);
    }
    try (Ops ops = device.planningOps()) {
      Arena text = new Arena("planned text encoder", new PlannedBlock());
      Arena textLayer = new Arena("planned text encoder's layer", new PlannedBlock());
      Arena models = new Arena("planned media models", new PlannedBlock());
      ConditionEncoder conditions =
          new ConditionEncoder(
              MediaModels.load(shape, source, source::plannedReader, device, ops, models));
      TakeSpec spec =
          source.parts().contains(ModelPart.TEXT)
              ? Rehearsal.encode(
                  conditions, textEncoder(shape, source, ops, text, textLayer), shape)
              : Rehearsal.encoded(shape);
      conditions.end((firstFrame, out) -> {});
      return new EncodingPlan(
          spec, text.peakBytes(), textLayer.peakBytes(), ops.workspace().peakBytes());
    }
  }

  private static T5Encoder textEncoder(
      EngineShape shape, ModelSource source, Ops ops, Arena text, Arena textLayer) {
    ModelStack.streamTextEncoder(
        shape, Rehearsal.tokenEmbedding(shape), source::plannedReader, ops, textLayer);
    return ModelStack.loadTextEncoder(
        shape, Rehearsal.tokenEmbedding(shape), source::plannedReader, ops, text);
  }
}
