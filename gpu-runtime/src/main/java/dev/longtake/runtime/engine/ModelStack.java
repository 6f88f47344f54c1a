package dev.longtake.runtime.engine;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.engine.ModelSource.PartReader;
import dev.longtake.runtime.engine.ModelSource.Readers;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.model.t5.T5Config;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.model.t5.T5Weights;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.ArenaWeightReader;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.WeightTypes;
import org.jspecify.annotations.Nullable;

/**
 * The models of an engine that stay on its device. The same code plans the memory and fills it. The
 * text encoder, by far the largest beside the transformer, comes and goes by itself.
 *
 * @param decoding null if another device encodes and decodes
 */
record ModelStack(Transformer transformer, @Nullable MediaModels decoding) {
  /**
   * Loads the models.
   *
   * @param readers those of {@code source} that read, or those that plan
   * @param residency how much of the transformer stays on the device
   * @param placement on {@code device}, or what stands in for it while planning
   */
  static ModelStack load(
      EngineShape shape,
      ModelSource source,
      Readers readers,
      ExecutionStrategy strategy,
      Residency residency,
      ComputeDevice device,
      Placement placement) {
    return new ModelStack(
        Transformer.load(shape, readers, strategy, residency, device, placement),
        source.parts().contains(ModelPart.VAE)
            ? MediaModels.load(shape, source, readers, device, placement.ops(), placement.device())
            : null);
  }

  /** Returns the models of a device that decodes. */
  MediaModels media() {
    return requireNonNull(decoding, "another device encodes and decodes");
  }

  EngineShape shape() {
    return transformer.shape();
  }

  /** Returns the operations of the device. */
  Ops ops() {
    return transformer.ops();
  }

  /**
   * Loads the text encoder; it lives as long as what is taken from {@code arena}.
   *
   * @param embedding the table of tokens; see {@link ModelSource#tokenEmbedding}
   */
  static T5Encoder loadTextEncoder(
      EngineShape shape, StoredTensor embedding, Readers readers, Ops ops, Arena arena) {
    PartReader text =
        readers.open(ModelPart.TEXT, ops, arena, WeightTypes.all(ops.activationType()));
    T5Weights weights = T5Weights.read(text.weights(), shape.t5());
    text.requireAllRead().run();
    return new T5Encoder(ops, shape.t5(), weights, embedding);
  }

  /**
   * Returns a text encoder that reads its layers anew for every prompt, one at a time.
   *
   * @param embedding the table of tokens; see {@link ModelSource#tokenEmbedding}
   * @param arena for one layer; used when this is called, and by the encoder
   */
  static T5Encoder streamTextEncoder(
      EngineShape shape, StoredTensor embedding, Readers readers, Ops ops, Arena arena) {
    PartReader text =
        readers.open(ModelPart.TEXT, ops, arena, WeightTypes.all(ops.activationType()));
    Tensor norm = T5Weights.readNorm(text.weights(), shape.t5());
    long layerBytes = textLayerBytes(text.weights(), shape.t5());
    Block slot = arena.block(layerBytes);
    return new T5Encoder(
        ops,
        shape.t5(),
        // What is read is queued behind what the layer before computes.
        index ->
            T5Weights.Layer.read(
                text.weights().into(new Arena("text layer", slot)), shape.t5(), index),
        norm,
        embedding);
  }

  private static long textLayerBytes(ArenaWeightReader weights, T5Config config) {
    Arena measure = new Arena("planned text layer", new PlannedBlock());
    T5Weights.Layer.read(weights.placing(measure), config, 0);
    return measure.peakBytes();
  }
}
