package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.ModelSource.PartReader;
import dev.longtake.runtime.engine.ModelSource.Readers;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.dit.Dit;
import dev.longtake.runtime.model.dit.DitWeights;
import dev.longtake.runtime.model.t5.T5Config;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.model.t5.T5Weights;
import dev.longtake.runtime.model.vae.VaeWeights;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Encoder;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.TypedOps;
import dev.longtake.runtime.sampling.FlowMatchSchedule;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.ArenaWeightReader;
import dev.longtake.runtime.weights.WeightTypes;

/**
 * The models of an engine that stay on its device. The same code plans the memory and fills it. The
 * text encoder, by far the largest beside the transformer, comes and goes by itself.
 *
 * @param ops of the device
 * @param vaeOps the same, with activations in the autoencoder's type
 */
record ModelStack(
    EngineShape shape,
    Ops ops,
    Ops vaeOps,
    FlowMatchSchedule schedule,
    Dit dit,
    DenoiseExecutor executor,
    VaeWeights vae,
    Wav2Vec2Encoder wav2vec2,
    AudioMix audioMix) {
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
    Ops ops = placement.ops();
    Arena arena = placement.device();
    FlowMatchSchedule schedule = FlowMatchSchedule.of(shape.model().steps());
    PartReader transformer =
        readers.open(ModelPart.TRANSFORMER, ops, arena, transformerTypes(device));
    Dit dit =
        new Dit(
            ops,
            arena,
            shape.model().dit(),
            DitWeights.read(transformer.weights(), shape.model().dit()),
            shape.model().grid(),
            schedule.timesteps());
    DenoiseExecutor executor =
        strategy.open(shape.model(), transformer.weights(), placement, residency);
    PartReader vae = readers.open(ModelPart.VAE, ops, arena, WeightTypes.all(device.vaeType()));
    VaeWeights vaeWeights = VaeWeights.read(vae.weights(), shape.vae());
    PartReader speech =
        readers.open(ModelPart.SPEECH, ops, arena, WeightTypes.all(device.speechType()));
    Wav2Vec2Weights speechWeights = Wav2Vec2Weights.read(speech.weights(), shape.wav2vec2());
    transformer.requireAllRead().run();
    vae.requireAllRead().run();
    speech.requireAllRead().run();
    return new ModelStack(
        shape,
        ops,
        TypedOps.of(ops, device.vaeType()),
        schedule,
        dit,
        executor,
        vaeWeights,
        new Wav2Vec2Encoder(TypedOps.of(ops, device.speechType()), shape.wav2vec2(), speechWeights),
        source.audioMix(shape.model().dit()));
  }

  /** Loads the text encoder; it lives as long as what is taken from {@code arena}. */
  static T5Encoder loadTextEncoder(
      EngineShape shape, ModelSource source, Readers readers, Ops ops, Arena arena) {
    PartReader text =
        readers.open(ModelPart.TEXT, ops, arena, WeightTypes.all(ops.activationType()));
    T5Weights weights = T5Weights.read(text.weights(), shape.t5());
    text.requireAllRead().run();
    return new T5Encoder(ops, shape.t5(), weights, source.tokenEmbedding());
  }

  /**
   * Returns a text encoder that reads its layers anew for every prompt, one at a time.
   *
   * @param arena for one layer; used when this is called, and by the encoder
   */
  static T5Encoder streamTextEncoder(
      EngineShape shape, ModelSource source, Readers readers, Ops ops, Arena arena) {
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
        source.tokenEmbedding());
  }

  private static long textLayerBytes(ArenaWeightReader weights, T5Config config) {
    Arena measure = new Arena("planned text layer", new PlannedBlock());
    T5Weights.Layer.read(weights.placing(measure), config, 0);
    return measure.peakBytes();
  }

  /**
   * Returns the types of the transformer's parameters. With layers in FP8, all their linear maps
   * are, those of the audio injectors too; text, time, head and sound stay as they are, as the
   * official code has it.
   */
  private static WeightTypes transformerTypes(ComputeDevice device) {
    if (device.layerType() != DType.FP8_E4M3) {
      return WeightTypes.all(device.layerType());
    }
    return new WeightTypes(
        device.activationType(),
        name -> name.startsWith("blocks.") || name.startsWith("audio_injector."));
  }
}
