package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.WeightTypes;
import java.util.Set;

/** Models that are another source's, but for what a subclass says. */
abstract class ForwardingSource implements ModelSource {
  private final ModelSource inner;

  /** Forwards to {@code inner}, which is closed with this. */
  ForwardingSource(ModelSource inner) {
    this.inner = inner;
  }

  @Override
  public String description() {
    return inner.description();
  }

  @Override
  public Set<ModelPart> parts() {
    return inner.parts();
  }

  @Override
  public String identity() {
    return inner.identity();
  }

  @Override
  public EngineShape shape(int height, int width, int clipFrames, int sampleSteps) {
    return inner.shape(height, width, clipFrames, sampleSteps);
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
