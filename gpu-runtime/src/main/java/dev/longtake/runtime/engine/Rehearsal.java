package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.t5.T5Config;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.model.wav2vec2.FeatureTiming;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.StoredTensor;

/** The largest that a take can be conditioned on, to find out what that needs. */
final class Rehearsal {
  /** Numbers that nobody looks at. */
  static final TakeNoise SILENCE =
      new TakeNoise() {
        @Override
        public void noise(int clip, int block, float[] out) {}

        @Override
        public int relativeDistance(int clip, int block, int step) {
          return 0;
        }
      };

  private static final int LONGEST_WINDOW_SECONDS = 60;

  private Rehearsal() {}

  /** Returns a table of tokens of the right size, without the numbers. */
  static StoredTensor tokenEmbedding(EngineShape shape) {
    return new UnreadTensor(
        T5Config.TOKEN_EMBEDDING, Shape.of(shape.t5().vocabulary(), shape.t5().width()));
  }

  /** A tensor whose numbers nobody looks at. */
  private record UnreadTensor(String name, Shape shape) implements StoredTensor {
    @Override
    public String file() {
      return "no file";
    }

    @Override
    public DType dtype() {
      return DType.FP32;
    }

    @Override
    public void read(long firstElement, float[] out, int outOffset, int count) {}
  }

  /** Encodes the largest conditions. */
  static TakeSpec encode(ConditionEncoder conditions, T5Encoder textEncoder, EngineShape shape) {
    HostValues prompt = conditions.prompt(textEncoder, new int[shape.model().dit().textTokens()]);
    float[] samples = new float[LONGEST_WINDOW_SECONDS * FeatureTiming.SAMPLE_RATE_HZ];
    HostValues audio = conditions.audio(samples, 0);
    PictureLatents picture =
        conditions.picture(new float[shape.height() * shape.width() * VaeConfig.COLOURS]);
    return TakeSpec.first(prompt, picture, audio, 0);
  }

  /** Returns conditions of the same sizes, but for the sound's length, without encoding any. */
  static TakeSpec encoded(EngineShape shape) {
    DitConfig dit = shape.model().dit();
    TakeState still = new TakeState(zeros(shape.latents(DitConfig.MOTION_FRAMES)), false);
    return TakeSpec.first(
        zeros(Shape.of(dit.textTokens(), dit.textWidth())),
        new PictureLatents(zeros(shape.latents(1)), still),
        zeros(Shape.of(EngineShape.blockVideoFrames(), dit.audioWidth())),
        0);
  }

  private static HostValues zeros(Shape shape) {
    return new HostValues(new float[Math.toIntExact(shape.elements())], shape.toArray());
  }
}
