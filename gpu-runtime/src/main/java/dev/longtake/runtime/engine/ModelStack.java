package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.dit.Dit;
import dev.longtake.runtime.model.dit.DitWeights;
import dev.longtake.runtime.model.t5.T5Config;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.model.t5.T5Weights;
import dev.longtake.runtime.model.vae.VaeWeights;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Encoder;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.FlowMatchSchedule;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.weights.Checkpoint;

/** All models of an engine, on its device. The same code plans the memory and fills it. */
record ModelStack(
    EngineShape shape,
    Ops ops,
    FlowMatchSchedule schedule,
    Dit dit,
    DenoiseExecutor executor,
    VaeWeights vae,
    T5Encoder t5,
    Wav2Vec2Encoder wav2vec2,
    AudioMix audioMix) {
  /**
   * Loads all models.
   *
   * @param readers where weights come from: the checkpoint's files, or nowhere to plan
   * @param arena for everything that lives as long as the engine
   */
  static ModelStack load(
      EngineShape shape,
      Checkpoint checkpoint,
      ExecutionStrategy strategy,
      StackReaders readers,
      Ops ops,
      Arena arena) {
    FlowMatchSchedule schedule = FlowMatchSchedule.of(shape.model().steps());
    Dit dit =
        new Dit(
            ops,
            arena,
            shape.model().dit(),
            DitWeights.read(readers.dit(), shape.model().dit()),
            shape.model().grid(),
            schedule.timesteps());
    DenoiseExecutor executor = strategy.open(shape.model(), readers.dit(), ops, arena);
    return new ModelStack(
        shape,
        ops,
        schedule,
        dit,
        executor,
        VaeWeights.read(readers.vae(), shape.vae()),
        new T5Encoder(
            ops,
            shape.t5(),
            T5Weights.read(readers.t5(), shape.t5()),
            checkpoint.t5().tensor(T5Config.TOKEN_EMBEDDING)),
        new Wav2Vec2Encoder(
            ops, shape.wav2vec2(), Wav2Vec2Weights.read(readers.wav2vec2(), shape.wav2vec2())),
        AudioMix.read(checkpoint.dit(), shape.model().dit()));
  }
}
