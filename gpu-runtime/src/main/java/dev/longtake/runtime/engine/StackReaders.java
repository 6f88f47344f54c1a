package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.weights.Checkpoint;
import dev.longtake.runtime.weights.CheckpointWeightReader;
import dev.longtake.runtime.weights.PlannedWeightReader;
import dev.longtake.runtime.weights.WeightReader;

/** A reader for each model's weights, all of them into one arena. */
record StackReaders(WeightReader dit, WeightReader vae, WeightReader t5, WeightReader wav2vec2) {
  /** Reads nothing and takes the memory. */
  static StackReaders planned(Ops ops, Arena arena) {
    WeightReader reader = new PlannedWeightReader(ops, arena);
    return new StackReaders(reader, reader, reader, reader);
  }

  static StackReaders of(Checkpoint checkpoint, Ops ops, Arena arena) {
    return new StackReaders(
        new CheckpointWeightReader(checkpoint.dit(), ops, arena),
        new CheckpointWeightReader(checkpoint.vae(), ops, arena),
        new CheckpointWeightReader(checkpoint.t5(), ops, arena),
        new CheckpointWeightReader(
            Wav2Vec2Weights.source(checkpoint.wav2vec2()), ops, arena));
  }
}
