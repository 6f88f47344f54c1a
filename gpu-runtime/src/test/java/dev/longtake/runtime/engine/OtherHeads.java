package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.WeightTypes;

/** A model whose transformer's channels are cut into so many heads. */
record OtherHeads(ModelSource inner, int heads) implements ModelSource {
  @Override
  public EngineShape shape(int height, int width, int clipFrames, int sampleSteps) {
    EngineShape shape = inner.shape(height, width, clipFrames, sampleSteps);
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

  @Override
  public String description() {
    return inner.description();
  }

  @Override
  public int audioLeadFrames() {
    return inner.audioLeadFrames();
  }

  @Override
  public PartReader reader(ModelPart part, Ops ops, Arena arena, WeightTypes types) {
    return inner.reader(part, ops, arena, types);
  }

  @Override
  public PartReader plannedReader(ModelPart part, Ops ops, Arena arena, WeightTypes types) {
    return inner.plannedReader(part, ops, arena, types);
  }

  @Override
  public StoredTensor tokenEmbedding() {
    return inner.tokenEmbedding();
  }

  @Override
  public AudioMix audioMix(DitConfig config) {
    return inner.audioMix(config);
  }

  @Override
  public Tokenizer openTokenizer(int most) {
    return inner.openTokenizer(most);
  }

  @Override
  public void close() {
    inner.close();
  }
}
