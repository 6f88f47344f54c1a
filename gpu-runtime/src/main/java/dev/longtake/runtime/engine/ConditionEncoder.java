package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.engine.MediaModels.SpeechModel;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.model.vae.FrameSource;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.model.vae.VaeEncoder;
import dev.longtake.runtime.model.wav2vec2.AudioBuckets;
import dev.longtake.runtime.model.wav2vec2.AudioWindows;
import dev.longtake.runtime.model.wav2vec2.FeatureTiming;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.Arrays;

/** Turns prompts, speech and pictures into what the transformer is conditioned on. */
final class ConditionEncoder {
  /** Video frames that motion latents are made from. */
  static final int MOTION_VIDEO_FRAMES =
      1 + (DitConfig.MOTION_FRAMES - 1) * VaeConfig.TEMPORAL_STRIDE;

  private static final int FRAME_RATE_FPS = 25;

  private final MediaModels media;
  private final Ops ops;
  private final Ops vaeOps;
  private final int clipVideoFrames;

  ConditionEncoder(MediaModels media) {
    this.media = media;
    this.ops = media.ops();
    this.vaeOps = media.vaeOps();
    this.clipVideoFrames = media.shape().clipFrames();
  }

  /** Encodes a prompt's tokens to [tokens, text width]. */
  HostValues prompt(T5Encoder textEncoder, int[] ids) {
    int width = textEncoder.config().width();
    float[] values = new float[ids.length * width];
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor context = ops.workspace().tensor(DType.FP32, ids.length, width);
      textEncoder.encode(ids, context);
      ops.download(context, values, 0);
    }
    return new HostValues(values, ids.length, width);
  }

  /**
   * Encodes speech to [frames, audio width], one row a video frame, for whole clips.
   *
   * @param silentFrames video frames of silence in front of it
   */
  HostValues audio(float[] samples, int silentFrames) {
    checkArgument(silentFrames >= 0, "silentFrames must not be negative, but was %s", silentFrames);
    int lead = silentFrames * FeatureTiming.SAMPLE_RATE_HZ / FRAME_RATE_FPS;
    float[] withSilence = new float[Math.addExact(lead, samples.length)];
    System.arraycopy(samples, 0, withSilence, lead, samples.length);
    return audio(withSilence, AudioWindows.of(media.shape().wav2vec2(), withSilence.length));
  }

  private HostValues audio(float[] samples, AudioWindows windows) {
    float[] mixed = mixedStates(samples, windows);
    int width = media.shape().wav2vec2().hiddenSize();
    FeatureTiming timing = new FeatureTiming(windows.frames());
    AudioBuckets buckets = new AudioBuckets(timing.features(), clipVideoFrames, FRAME_RATE_FPS);
    float[] frames = new float[Math.multiplyExact(buckets.frames(), width)];
    buckets.select(timing, mixed, width, 0, buckets.frames(), frames);
    return new HostValues(frames, buckets.frames(), width);
  }

  private float[] mixedStates(float[] samples, AudioWindows windows) {
    int width = media.shape().wav2vec2().hiddenSize();
    SpeechModel speech = requireNonNull(media.speech(), "speech is encoded on another device");
    AudioMix mix = speech.mix();
    float[] mixed = new float[Math.multiplyExact(windows.frames(), width)];
    int longest =
        windows.windows().stream().mapToInt(AudioWindows.Window::frames).max().orElseThrow();
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor sums = ops.workspace().tensor(DType.FP32, longest, width);
      speech
          .encoder()
          .encode(
              samples,
              windows,
              (index, firstFrame, states) -> {
                Tensor sum = sums.slice(0, states.shape().extent(0));
                if (index == 0) {
                  ops.fill(sum, 0f);
                }
                ops.addScaled(sum, states, mix.share(index));
                if (index == mix.states() - 1) {
                  ops.download(sum, mixed, firstFrame * width);
                }
              });
    }
    return mixed;
  }

  /**
   * Encodes a picture standing still, for motion, of which the first frame is the reference.
   *
   * @param pixels [H, W, 3] in [-1, 1]
   */
  PictureLatents picture(float[] pixels) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor picture = ops.workspace().tensor(vaeOps.activationType(), frameShape());
      ops.upload(pixels, 0, picture);
      HostValues motion = encode(FrameSource.still(ops, picture), MOTION_VIDEO_FRAMES);
      // The encoder is causal: a video's first latent frame is that of its first frame alone.
      int[] shape = motion.shape();
      shape[0] = 1;
      int frameValues = motion.values().length / DitConfig.MOTION_FRAMES;
      HostValues reference = new HostValues(Arrays.copyOf(motion.values(), frameValues), shape);
      return new PictureLatents(reference, new TakeState(motion, false));
    }
  }

  /** Encodes the end of a take that is kept up to frame {@code frames}, counted from its start. */
  TakeState end(FrameHistory history, int frames) {
    float[] pixels = new float[media.shape().height() * media.shape().width() * VaeConfig.COLOURS];
    int start = frames - MOTION_VIDEO_FRAMES;
    FrameSource video =
        (firstFrame, out) -> {
          for (int i = 0; i < out.shape().extent(0); i++) {
            history.read(start + firstFrame + i, pixels);
            ops.upload(pixels, 0, out.slice(i, 1));
          }
        };
    return end(video);
  }

  /**
   * Encodes the end of a take.
   *
   * @param video its last {@link #MOTION_VIDEO_FRAMES}
   */
  TakeState end(FrameSource video) {
    return new TakeState(encode(video, MOTION_VIDEO_FRAMES), true);
  }

  private HostValues encode(FrameSource video, int frames) {
    EngineShape shape = media.shape();
    int rows = shape.model().grid().latentRows();
    int columns = shape.model().grid().latentColumns();
    int channels = shape.vae().latentChannels();
    int latentFrames = VaeConfig.latentFrames(frames);
    float[] values = new float[latentFrames * rows * columns * channels];
    try (Arena.Scope scope = ops.workspace().scope()) {
      VaeEncoder encoder =
          new VaeEncoder(vaeOps, media.vae(), ops.workspace(), shape.height(), shape.width());
      Tensor latents =
          ops.workspace().tensor(vaeOps.activationType(), latentFrames, rows, columns, channels);
      encoder.encode(video, frames, latents);
      ops.download(latents, values, 0);
    }
    return new HostValues(values, latentFrames, rows, columns, channels);
  }

  private int[] frameShape() {
    return new int[] {1, media.shape().height(), media.shape().width(), VaeConfig.COLOURS};
  }
}
