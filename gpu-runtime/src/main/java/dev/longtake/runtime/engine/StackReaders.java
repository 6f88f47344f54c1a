package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitWeights;
import dev.longtake.runtime.model.t5.T5Config;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.weights.Checkpoint;
import dev.longtake.runtime.weights.CheckpointWeightReader;
import dev.longtake.runtime.weights.PlannedWeightReader;
import dev.longtake.runtime.weights.TensorSource;
import dev.longtake.runtime.weights.WeightReader;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A reader for each model's weights, all of them into one arena.
 *
 * @param requireAllRead fails if the checkpoint has tensors that no model asked for
 */
record StackReaders(
    WeightReader dit,
    WeightReader vae,
    WeightReader t5,
    WeightReader wav2vec2,
    Runnable requireAllRead) {
  /** Reads nothing and takes the memory. */
  static StackReaders planned(Ops ops, Arena arena) {
    WeightReader reader = new PlannedWeightReader(ops, arena);
    return new StackReaders(reader, reader, reader, reader, () -> {});
  }

  static StackReaders of(Checkpoint checkpoint, Ops ops, Arena arena) {
    TensorSource speech = Wav2Vec2Weights.source(checkpoint.wav2vec2());
    CheckpointWeightReader dit = new CheckpointWeightReader(checkpoint.dit(), ops, arena);
    CheckpointWeightReader vae = new CheckpointWeightReader(checkpoint.vae(), ops, arena);
    CheckpointWeightReader t5 = new CheckpointWeightReader(checkpoint.t5(), ops, arena);
    CheckpointWeightReader wav2vec2 = new CheckpointWeightReader(speech, ops, arena);
    return new StackReaders(
        dit,
        vae,
        t5,
        wav2vec2,
        () -> {
          dit.requireAllRead(DitWeights.UNUSED);
          vae.requireAllRead(Set.of());
          t5.requireAllRead(Set.of(T5Config.TOKEN_EMBEDDING));
          wav2vec2.requireAllRead(
              speech.names().stream()
                  .filter(Wav2Vec2Weights::isOfTraining)
                  .collect(Collectors.toSet()));
        });
  }
}
