package dev.longtake.runtime.engine;

import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.TokenGrid;
import dev.longtake.runtime.model.t5.T5Config;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Config;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Config.FeatureConv;
import dev.longtake.runtime.spi.ModelShape;
import java.util.List;

/**
 * The hyper-parameters of the official checkpoint, for planning and measuring without its files.
 */
final class LiveAvatarConfig {
  private static final DitConfig DIT =
      new DitConfig(
          5120,
          40,
          40,
          13_824,
          16,
          256,
          4096,
          512,
          1024,
          25,
          4,
          List.of(0, 4, 8, 12, 16, 20, 24, 27, 30, 33, 36, 39),
          1e-6f);

  private static final VaeConfig VAE = new VaeConfig(List.of(96, 192, 384, 384), 16);

  static final T5Config T5 = new T5Config(256_384, 4096, 24, 64, 64, 10_240, 32);

  private static final Wav2Vec2Config WAV2VEC2 =
      new Wav2Vec2Config(
          1024,
          24,
          16,
          4096,
          List.of(
              new FeatureConv(512, 10, 5),
              new FeatureConv(512, 3, 2),
              new FeatureConv(512, 3, 2),
              new FeatureConv(512, 3, 2),
              new FeatureConv(512, 3, 2),
              new FeatureConv(512, 2, 2),
              new FeatureConv(512, 2, 2)),
          128,
          16,
          1e-5f);

  private LiveAvatarConfig() {}

  static EngineShape shape(int height, int width, int clipFrames, int sampleSteps) {
    TokenGrid grid =
        new TokenGrid(height / VaeConfig.SPATIAL_STRIDE, width / VaeConfig.SPATIAL_STRIDE);
    int latentFrames = clipFrames / VaeConfig.TEMPORAL_STRIDE;
    return new EngineShape(
        new ModelShape(DIT, grid, latentFrames, sampleSteps), VAE, T5, WAV2VEC2, true, clipFrames);
  }
}
