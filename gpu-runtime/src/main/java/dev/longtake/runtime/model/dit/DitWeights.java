package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.WeightReader;
import java.util.Set;

/**
 * Parameters outside the layers: small, and needed in every forward. Those that are needed once are
 * {@link TimestepEmbedding.Weights}.
 *
 * @param poseBias [E]: without a pose video the pose encoder adds its bias and nothing else
 * @param condMask [3, E], added to tokens by kind: noisy, reference, motion
 * @param headModulation [2, E]
 */
public record DitWeights(
    Conv patchEmbedding,
    Tensor poseBias,
    Tensor condMask,
    Linear textIn,
    Linear textOut,
    Tensor headModulation,
    Linear head,
    AudioEncoderWeights audioEncoder,
    MotionPackerWeights motionPacker) {
  /**
   * Tensors of a checkpoint that are not brought to the device: without a pose video there is
   * nothing to encode, and sound is mixed on the host, by {@link AudioMix}.
   */
  public static final Set<String> UNUSED = Set.of("cond_encoder.weight", AudioMix.WEIGHTS);

  /** Reads everything but the layers. */
  public static DitWeights read(WeightReader reader, DitConfig config) {
    int width = config.width();
    int channels = config.latentChannels();
    int patchValues = DitConfig.PATCH * DitConfig.PATCH * channels;
    return new DitWeights(
        reader.conv("patch_embedding", patch(width, channels, 1, DitConfig.PATCH)),
        reader.tensor("cond_encoder.bias", width),
        reader.tensor("trainable_cond_mask.weight", 3, width),
        reader.linear("text_embedding.0", width, config.textWidth()),
        reader.linear("text_embedding.2", width, width),
        reader.tensor("head.modulation", 1, 2, width).reshape(2, width),
        reader.linear("head.head", patchValues, width),
        AudioEncoderWeights.read(reader, config),
        MotionPackerWeights.read(reader, config));
  }

  private static ConvShape patch(int width, int channels, int frames, int side) {
    return ConvShape.patches(width, channels, frames, side, side);
  }

  /**
   * Parameters of the causal audio encoder.
   *
   * @param paddingToken [E], the token every latent frame gets beside those of its sound
   */
  public record AudioEncoderWeights(
      Conv local, Conv global, Conv second, Conv third, Linear globalOut, Tensor paddingToken) {
    private static final int KERNEL = 3;
    private static final int STRIDE = 2;

    static AudioEncoderWeights read(WeightReader reader, DitConfig config) {
      String prefix = "casual_audio_encoder.encoder.";
      int width = config.width();
      int part = width / config.audioTokens();
      int audio = config.audioWidth();
      return new AudioEncoderWeights(
          reader.conv(
              prefix + "conv1_local.conv",
              ConvShape.overTime(config.audioTokens() * part, audio, KERNEL, 1)),
          reader.conv(prefix + "conv1_global.conv", ConvShape.overTime(part, audio, KERNEL, 1)),
          reader.conv(prefix + "conv2.conv", ConvShape.overTime(width / 2, part, KERNEL, STRIDE)),
          reader.conv(prefix + "conv3.conv", ConvShape.overTime(width, width / 2, KERNEL, STRIDE)),
          reader.linear(prefix + "final_linear", width, width),
          reader.tensor(prefix + "padding_tokens", 1, 1, 1, width).reshape(width));
    }
  }

  /** Parameters that turn motion latents into tokens, at three resolutions. */
  public record MotionPackerWeights(Conv fine, Conv middle, Conv coarse) {
    static MotionPackerWeights read(WeightReader reader, DitConfig config) {
      int width = config.width();
      int channels = config.latentChannels();
      return new MotionPackerWeights(
          reader.conv("frame_packer.proj", patch(width, channels, 1, DitConfig.PATCH)),
          reader.conv("frame_packer.proj_2x", patch(width, channels, 2, TokenGrid.MIDDLE_PATCH)),
          reader.conv("frame_packer.proj_4x", patch(width, channels, 4, TokenGrid.COARSE_PATCH)));
    }
  }
}
