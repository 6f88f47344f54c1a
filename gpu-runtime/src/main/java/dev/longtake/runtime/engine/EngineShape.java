package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.TokenGrid;
import dev.longtake.runtime.model.t5.T5Config;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Config;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.Checkpoint;

/**
 * Every size that decides what an engine holds and computes.
 *
 * @param carriesMotion whether the transformer may see the motion of the take before, or knows
 *     pictures standing still alone
 * @param clipFrames video frames of a clip, as it is asked for: what a take's rings hold, unless
 *     they are {@link #withRings shorter}
 */
public record EngineShape(
    ModelShape model,
    VaeConfig vae,
    T5Config t5,
    Wav2Vec2Config wav2vec2,
    boolean carriesMotion,
    int clipFrames) {
  /** Checks that the models fit together. */
  public EngineShape {
    DitConfig dit = model.dit();
    requireEqual("text channels", dit.textWidth(), "the text encoder", t5.width());
    requireEqual("latent channels", dit.latentChannels(), "the VAE", vae.latentChannels());
    requireEqual("audio channels", dit.audioWidth(), "wav2vec2", wav2vec2.hiddenSize());
    requireEqual("hidden states", dit.audioStates(), "wav2vec2", wav2vec2.layers() + 1);
  }

  /** Reads the sizes of a checkpoint, for videos of {@code height} × {@code width} pixels. */
  static EngineShape of(Checkpoint checkpoint, int height, int width, int clipFrames, int steps) {
    DitConfig dit = DitConfig.of(checkpoint.ditConfig(), checkpoint.dit());
    TokenGrid grid =
        new TokenGrid(height / VaeConfig.SPATIAL_STRIDE, width / VaeConfig.SPATIAL_STRIDE);
    return new EngineShape(
        new ModelShape(dit, grid, clipFrames / VaeConfig.TEMPORAL_STRIDE, steps),
        VaeConfig.read(checkpoint.vae()),
        T5Config.of(checkpoint.t5()),
        Wav2Vec2Config.of(checkpoint.wav2vec2Config(), "wav2vec2's config.json"),
        checkpoint.settings().carriesMotion(),
        clipFrames);
  }

  private static void requireEqual(String what, int transformer, String other, int found) {
    if (transformer != found) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          "The transformer wants %d %s, but %s gives %d. Do all files belong to one checkpoint?"
              .formatted(transformer, what, other, found));
    }
  }

  /**
   * Returns the same with a take whose rings hold fewer frames; its clips are as long as before.
   *
   * @param frames a multiple of a frame block's that divides the clip's
   */
  EngineShape withRings(int frames) {
    ModelShape shorter =
        new ModelShape(
            model.dit(), model.grid(), frames / VaeConfig.TEMPORAL_STRIDE, model.steps());
    return new EngineShape(shorter, vae, t5, wav2vec2, carriesMotion, clipFrames);
  }

  /** Returns how often the rings are filled in a clip: once, unless they are shorter. */
  int ringsPerClip() {
    return clipFrames / (model.clipLatentFrames() * VaeConfig.TEMPORAL_STRIDE);
  }

  /** Returns the rows of a video frame. */
  int height() {
    return model.grid().latentRows() * VaeConfig.SPATIAL_STRIDE;
  }

  /** Returns the columns of a video frame. */
  int width() {
    return model.grid().latentColumns() * VaeConfig.SPATIAL_STRIDE;
  }

  /** Returns the shape [frames, h, w, C] of so many latent frames. */
  Shape latents(int frames) {
    return Shape.of(
        frames, model.grid().latentRows(), model.grid().latentColumns(), vae.latentChannels());
  }

  /** Returns the values of the video frames that one latent frame becomes. */
  int latentFrameValues() {
    return VaeConfig.TEMPORAL_STRIDE * height() * width() * VaeConfig.COLOURS;
  }

  /** Returns the video frames of one frame block. */
  static int blockVideoFrames() {
    return DitConfig.BLOCK_FRAMES * VaeConfig.TEMPORAL_STRIDE;
  }
}
