package dev.longtake.runtime.engine;

import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.spi.ModelShape;

/** A model whose transformer's channels are cut into so many heads. */
final class OtherHeads extends ForwardingSource {
  private final int heads;

  OtherHeads(ModelSource inner, int heads) {
    super(inner);
    this.heads = heads;
  }

  @Override
  public EngineShape shape(int height, int width, int clipFrames, int sampleSteps) {
    EngineShape shape = super.shape(height, width, clipFrames, sampleSteps);
    ModelShape model = shape.model();
    DitConfig dit = model.dit();
    DitConfig other =
        new DitConfig(
            dit.width(),
            heads,
            dit.layers(),
            dit.ffnWidth(),
            dit.latentChannels(),
            dit.frequencyWidth(),
            dit.textWidth(),
            dit.textTokens(),
            dit.audioWidth(),
            dit.audioStates(),
            dit.audioTokens(),
            dit.audioLayers(),
            dit.epsilon());
    return new EngineShape(
        new ModelShape(other, model.grid(), model.clipLatentFrames(), model.steps()),
        shape.vae(),
        shape.t5(),
        shape.wav2vec2(),
        shape.carriesMotion(),
        shape.clipFrames());
  }
}
