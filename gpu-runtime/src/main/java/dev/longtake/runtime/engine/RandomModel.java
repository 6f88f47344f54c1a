package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.t5.T5Config;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.RandomTensor;
import dev.longtake.runtime.weights.RandomWeightReader;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.TensorSource;
import dev.longtake.runtime.weights.WeightTypes;
import java.util.Arrays;
import java.util.Set;

/**
 * A model of random numbers: as much work as the real one, in as much memory, without its files.
 * What it renders is noise.
 */
public final class RandomModel implements ModelSource {
  private final long seed;

  private RandomModel(long seed) {
    this.seed = seed;
  }

  /** Returns a model with the shapes of the official checkpoint. */
  public static RandomModel ofOfficialShape(long seed) {
    return new RandomModel(seed);
  }

  @Override
  public String description() {
    return "random numbers of the official shapes";
  }

  @Override
  public String identity() {
    return "random numbers after " + seed;
  }

  @Override
  public EngineShape shape(int height, int width, int clipFrames, int sampleSteps) {
    return LiveAvatarConfig.shape(height, width, clipFrames, sampleSteps);
  }

  @Override
  public int audioLeadFrames() {
    return 0;
  }

  @Override
  public PartReader reader(ModelPart part, Ops ops, Arena arena, WeightTypes types) {
    long partSeed = seed + part.name().hashCode();
    return new PartReader(new RandomWeightReader(ops, arena, types, partSeed), () -> {});
  }

  @Override
  public PartReader plannedReader(ModelPart part, Ops ops, Arena arena, WeightTypes types) {
    return new PartReader(RandomWeightReader.planning(ops, arena, types), () -> {});
  }

  @Override
  public StoredTensor tokenEmbedding() {
    T5Config config = LiveAvatarConfig.T5;
    return new RandomTensor(
        T5Config.TOKEN_EMBEDDING, Shape.of(config.vocabulary(), config.width()));
  }

  @Override
  public AudioMix audioMix(DitConfig config) {
    Shape shape = Shape.of(1, config.audioStates(), 1, 1);
    return AudioMix.read(new SingleTensor(new RandomTensor(AudioMix.WEIGHTS, shape)), config);
  }

  /** Makes a token of every word. */
  @Override
  public Tokenizer openTokenizer(int most) {
    return new Tokenizer() {
      @Override
      public int[] encode(String prompt) {
        return Arrays.stream(prompt.split(" ", -1))
            .limit(most)
            .mapToInt(word -> Math.floorMod(word.hashCode(), LiveAvatarConfig.T5.vocabulary()))
            .toArray();
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {}

  private record SingleTensor(StoredTensor tensor) implements TensorSource {
    @Override
    public Set<String> names() {
      return Set.of(tensor.name());
    }

    @Override
    public StoredTensor tensor(String name) {
      return tensor;
    }

    @Override
    public String description() {
      return tensor.file();
    }

    @Override
    public void close() {}
  }
}
