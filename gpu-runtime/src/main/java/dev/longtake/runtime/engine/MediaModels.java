package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.ModelSource.PartReader;
import dev.longtake.runtime.engine.ModelSource.Readers;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.vae.VaeWeights;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Encoder;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.TypedOps;
import dev.longtake.runtime.weights.WeightTypes;

/**
 * What turns pictures, speech and latents into each other, on a device.
 *
 * @param ops of the device
 * @param vaeOps the same, with activations in the autoencoder's type
 */
record MediaModels(
    EngineShape shape,
    Ops ops,
    Ops vaeOps,
    VaeWeights vae,
    Wav2Vec2Encoder wav2vec2,
    AudioMix audioMix) {
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
    PartReader speech =
        readers.open(ModelPart.SPEECH, ops, arena, WeightTypes.all(device.speechType()));
    Wav2Vec2Weights speechWeights = Wav2Vec2Weights.read(speech.weights(), shape.wav2vec2());
    vae.requireAllRead().run();
    speech.requireAllRead().run();
    return new MediaModels(
        shape,
        ops,
        TypedOps.of(ops, device.vaeType()),
        vaeWeights,
        new Wav2Vec2Encoder(TypedOps.of(ops, device.speechType()), shape.wav2vec2(), speechWeights),
        source.audioMix(shape.model().dit()));
  }
}
