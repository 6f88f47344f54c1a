package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.ModelSource.PartReader;
import dev.longtake.runtime.engine.ModelSource.Readers;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.vae.VaeWeights;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Encoder;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.TypedOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.weights.PlannedWeightReader;
import dev.longtake.runtime.weights.WeightTypes;
import org.jspecify.annotations.Nullable;

/**
 * What turns pictures, speech and latents into each other, on a device.
 *
 * @param ops of the device
 * @param vaeOps the same, with activations in the autoencoder's type
 * @param speech null if speech is encoded elsewhere
 */
record MediaModels(
    EngineShape shape, Ops ops, Ops vaeOps, VaeWeights vae, @Nullable SpeechModel speech) {
  /**
   * Loads the models.
   *
   * @param readers those of {@code source} that read, or those that plan
   * @param ops of {@code device}, or what stands in for them while planning
   */
  static MediaModels load(
      EngineShape shape,
      ModelSource source,
      Readers readers,
      ComputeDevice device,
      Ops ops,
      Arena arena) {
    PartReader vae = readers.open(ModelPart.VAE, ops, arena, WeightTypes.all(device.vaeType()));
    VaeWeights vaeWeights = VaeWeights.read(vae.weights(), shape.vae());
    vae.requireAllRead().run();
    return new MediaModels(
        shape,
        ops,
        TypedOps.of(ops, device.vaeType()),
        vaeWeights,
        source.parts().contains(ModelPart.SPEECH)
            ? SpeechModel.load(shape, source, readers, device, ops, arena)
            : null);
  }

  /**
   * The speech encoder.
   *
   * @param mix how its states become one
   */
  record SpeechModel(Wav2Vec2Encoder encoder, AudioMix mix) {
    private static SpeechModel load(
        EngineShape shape,
        ModelSource source,
        Readers readers,
        ComputeDevice device,
        Ops ops,
        Arena arena) {
      PartReader reader =
          readers.open(ModelPart.SPEECH, ops, arena, WeightTypes.all(device.speechType()));
      Wav2Vec2Weights weights = Wav2Vec2Weights.read(reader.weights(), shape.wav2vec2());
      reader.requireAllRead().run();
      return new SpeechModel(
          new Wav2Vec2Encoder(TypedOps.of(ops, device.speechType()), shape.wav2vec2(), weights),
          source.audioMix(shape.model().dit()));
    }

    /** Returns the bytes of its parameters on a device that keeps them in fp32. */
    static long bytes(EngineShape shape) {
      Arena measure = new Arena("planned speech encoder", new PlannedBlock());
      Wav2Vec2Weights.read(
          new PlannedWeightReader(measure, WeightTypes.all(DType.FP32)), shape.wav2vec2());
      return measure.peakBytes();
    }
  }
}
