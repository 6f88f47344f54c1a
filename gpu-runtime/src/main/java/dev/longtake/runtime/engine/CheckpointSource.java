package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.DitWeights;
import dev.longtake.runtime.model.t5.PromptTokenizer;
import dev.longtake.runtime.model.t5.T5Config;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.weights.Checkpoint;
import dev.longtake.runtime.weights.CheckpointWeightReader;
import dev.longtake.runtime.weights.PlannedWeightReader;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.TensorSource;
import dev.longtake.runtime.weights.WeightTypes;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The models of a checkpoint.
 *
 * @param checkpoint closed with this
 */
record CheckpointSource(Checkpoint checkpoint, String description) implements ModelSource {
  @Override
  public String identity() {
    return checkpoint.digest();
  }

  @Override
  public EngineShape shape(int height, int width, int clipFrames, int sampleSteps) {
    return EngineShape.of(checkpoint, height, width, clipFrames, sampleSteps);
  }

  @Override
  public int audioLeadFrames() {
    return checkpoint.settings().audioLeadFrames();
  }

  @Override
  public PartReader reader(ModelPart part, Ops ops, Arena arena, WeightTypes types) {
    TensorSource source = source(part);
    CheckpointWeightReader reader = new CheckpointWeightReader(source, ops, arena, types);
    return new PartReader(reader, () -> reader.requireAllRead(ignorable(part, source)));
  }

  @Override
  public PartReader plannedReader(ModelPart part, Ops ops, Arena arena, WeightTypes types) {
    return new PartReader(new PlannedWeightReader(arena, types), () -> {});
  }

  @Override
  public StoredTensor tokenEmbedding() {
    return checkpoint.t5().tensor(T5Config.TOKEN_EMBEDDING);
  }

  @Override
  public AudioMix audioMix(DitConfig config) {
    return AudioMix.read(checkpoint.dit(), config);
  }

  @Override
  public Tokenizer openTokenizer(int most) {
    PromptTokenizer tokenizer = PromptTokenizer.open(checkpoint.tokenizerJson(), most);
    return new Tokenizer() {
      @Override
      public int[] encode(String prompt) {
        return tokenizer.encode(prompt);
      }

      @Override
      public void close() {
        tokenizer.close();
      }
    };
  }

  @Override
  public void close() {
    checkpoint.close();
  }

  private TensorSource source(ModelPart part) {
    return switch (part) {
      case TRANSFORMER -> checkpoint.dit();
      case VAE -> checkpoint.vae();
      case TEXT -> checkpoint.t5();
      case SPEECH -> Wav2Vec2Weights.source(checkpoint.wav2vec2());
    };
  }

  private static Set<String> ignorable(ModelPart part, TensorSource source) {
    return switch (part) {
      case TRANSFORMER -> DitWeights.UNUSED;
      case VAE -> Set.of();
      case TEXT -> Set.of(T5Config.TOKEN_EMBEDDING);
      case SPEECH ->
          source.names().stream()
              .filter(Wav2Vec2Weights::isOfTraining)
              .collect(Collectors.toUnmodifiableSet());
    };
  }
}
