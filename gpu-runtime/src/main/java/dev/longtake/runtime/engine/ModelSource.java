package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.weights.ArenaWeightReader;
import dev.longtake.runtime.weights.Checkpoint;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.WeightTypes;
import java.util.EnumSet;
import java.util.Set;

/**
 * Where an engine's models come from: a checkpoint, or random numbers of the same shapes. Belongs
 * to the engine that is opened on it.
 */
public interface ModelSource extends AutoCloseable {
  /** Returns the models of a checkpoint, which is closed with them. */
  static ModelSource of(Checkpoint checkpoint, String description) {
    return new CheckpointSource(checkpoint, description);
  }

  /** Returns what this is, for people. */
  String description();

  /** Returns what tells it from all other models; reads some of it. */
  String identity();

  /** Returns the models that can be read; an engine does without the others. */
  default Set<ModelPart> parts() {
    return EnumSet.allOf(ModelPart.class);
  }

  /** Returns all sizes, for videos of {@code height} × {@code width} pixels. */
  EngineShape shape(int height, int width, int clipFrames, int sampleSteps);

  /** Returns all sizes, for the videos of a configuration. */
  default EngineShape shape(EngineConfig config) {
    return shape(config.height(), config.width(), config.clipFrames(), config.sampleSteps());
  }

  /** Returns how many frames of silence go in front of the audio. */
  int audioLeadFrames();

  /** Opens what brings a model's parameters to the device. */
  PartReader reader(ModelPart part, Ops ops, Arena arena, WeightTypes types);

  /** Opens what takes the memory that {@link #reader} would take, and reads no file. */
  PartReader plannedReader(ModelPart part, Ops ops, Arena arena, WeightTypes types);

  /** Returns the text encoder's table of tokens, which stays where it is. */
  StoredTensor tokenEmbedding();

  /** Returns how the speech encoder's states are mixed. */
  AudioMix audioMix(DitConfig config);

  /**
   * Opens what cuts prompts into tokens; close the result.
   *
   * @param most tokens of a prompt that are used
   */
  Tokenizer openTokenizer(int most);

  @Override
  void close();

  /** Opens readers of a model's parameters. */
  interface Readers {
    /** Opens one; see {@link #reader}. */
    PartReader open(ModelPart part, Ops ops, Arena arena, WeightTypes types);
  }

  /**
   * Reads one model.
   *
   * @param requireAllRead fails if there are parameters that the model has not asked for
   */
  record PartReader(ArenaWeightReader weights, Runnable requireAllRead) {}

  /** Cuts prompts into tokens. */
  interface Tokenizer extends AutoCloseable {
    /** Returns the tokens of a cleaned prompt, at least one. */
    int[] encode(String prompt);

    @Override
    void close();
  }
}
