package dev.longtake.runtime.model.vae;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.TensorSource;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The sizes of a video autoencoder. The kinds and the order of its layers are fixed.
 *
 * <p>Both halves have four levels. The encoder halves rows and columns after the levels 0, 1 and 2,
 * and the number of frames after 1 and 2; the decoder undoes that, and halves the channels each
 * time.
 *
 * @param levelWidths channels of the four levels, from full resolution to the coarsest; all but the
 *     first are even
 * @param latentChannels channels of a latent cell
 */
public record VaeConfig(List<Integer> levelWidths, int latentChannels) {
  /** Rows or columns of pixels to one latent cell. */
  public static final int SPATIAL_STRIDE = 8;

  /** Video frames to one latent frame, except for the first, which is one video frame. */
  public static final int TEMPORAL_STRIDE = 4;

  /** Channels of a video frame: red, green, blue. */
  public static final int COLOURS = 3;

  static final int LEVELS = 4;

  /** Mean of each latent channel over the data that the official model was trained on. */
  private static final float[] LATENT_MEAN = {
    -0.7571f, -0.7089f, -0.9113f, 0.1075f, -0.1745f, 0.9653f, -0.1517f, 1.5508f,
    0.4134f, -0.0715f, 0.5517f, -0.3632f, -0.1922f, -0.9497f, 0.2503f, -0.2921f
  };

  /** Standard deviation of each latent channel, likewise. */
  private static final float[] LATENT_DEVIATION = {
    2.8184f, 1.4541f, 2.3275f, 2.6558f, 1.2196f, 1.7708f, 2.6052f, 2.0743f,
    3.2687f, 2.1526f, 2.8652f, 1.5579f, 1.6382f, 1.1253f, 2.8251f, 1.9160f
  };

  private static final int NAMES_IN_MESSAGE = 3;

  /**
   * Checks the sizes.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if the latent statistics are not known for this
   *     number of channels
   */
  public VaeConfig {
    levelWidths = List.copyOf(levelWidths);
    checkArgument(levelWidths.size() == LEVELS, "there must be 4 levels, but were %s", levelWidths);
    for (int level = 0; level < LEVELS; level++) {
      int width = levelWidths.get(level);
      checkArgument(
          width > 0 && (level == 0 || width % 2 == 0),
          "level widths must be positive, and even from level 1 on, but were %s",
          levelWidths);
    }
    if (latentChannels != LATENT_MEAN.length) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          ("The video autoencoder has %d latent channels, but means and deviations are known for "
                  + "%d only. Use the Wan 2.1 autoencoder (Wan2.1_VAE.pth) or one of its kind.")
              .formatted(latentChannels, LATENT_MEAN.length));
    }
  }

  /**
   * Takes the sizes from a checkpoint's tensors, and checks that it has exactly the tensors of such
   * an autoencoder. Their shapes are checked when the weights are read.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if a tensor is missing, left over, or contradicts
   *     the fixed structure
   */
  public static VaeConfig read(TensorSource source) {
    List<Integer> widths =
        IntStream.range(0, LEVELS)
            .map(level -> VaeWeights.firstEncoderLayer(level))
            .mapToObj(layer -> "encoder.downsamples.%d.residual.2.weight".formatted(layer))
            .map(name -> outermost(source, name))
            .collect(Collectors.toUnmodifiableList());
    for (int level = 1; level < LEVELS; level++) {
      if (widths.get(level) % 2 != 0) {
        throw new LongtakeException(
            ErrorCode.INVALID_CHECKPOINT,
            ("The video autoencoder in %s has levels of %s channels, but the decoder halves all "
                    + "but the first, so they must be even. Is it a Wan 2.1 autoencoder?")
                .formatted(source.description(), widths));
      }
    }
    VaeConfig config = new VaeConfig(widths, outermost(source, "conv2.weight"));
    requireSameNames(source, TensorNames.of(config));
    return config;
  }

  /** Returns the latents' mean in each channel; a copy. */
  public float[] latentMean() {
    return LATENT_MEAN.clone();
  }

  /** Returns the latents' standard deviation in each channel; a copy. */
  public float[] latentDeviation() {
    return LATENT_DEVIATION.clone();
  }

  /**
   * Returns how many latent frames a video has.
   *
   * @throws IllegalArgumentException unless {@code videoFrames} is 1, 5, 9 and so on
   */
  public static int latentFrames(int videoFrames) {
    checkArgument(
        videoFrames % TEMPORAL_STRIDE == 1,
        "a video to encode must have 1 + 4·n frames, but has %s",
        videoFrames);
    return videoFrames / TEMPORAL_STRIDE + 1;
  }

  private static int outermost(TensorSource source, String name) {
    StoredTensor tensor = source.tensor(name);
    Shape shape = tensor.shape();
    if (shape.rank() == 0 || shape.extent(0) == 0) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          "%s in %s must be a convolution's weight, but has the shape %s. Is the file damaged?"
              .formatted(name, tensor.file(), shape));
    }
    return shape.extent(0);
  }

  private static void requireSameNames(TensorSource source, Set<String> expected) {
    Set<String> missing = new TreeSet<>(expected);
    missing.removeAll(source.names());
    Set<String> leftOver = new TreeSet<>(source.names());
    leftOver.removeAll(expected);
    if (missing.isEmpty() && leftOver.isEmpty()) {
      return;
    }
    throw new LongtakeException(
        ErrorCode.INVALID_CHECKPOINT,
        ("%s must hold the %d tensors of a Wan 2.1 video autoencoder, but %d are missing%s and %d "
                + "are not part of one%s. Use the file Wan2.1_VAE.pth of the official checkpoint.")
            .formatted(
                source.description(),
                expected.size(),
                missing.size(),
                some(missing),
                leftOver.size(),
                some(leftOver)));
  }

  private static String some(Set<String> names) {
    if (names.isEmpty()) {
      return "";
    }
    String listed = names.stream().limit(NAMES_IN_MESSAGE).collect(Collectors.joining(", "));
    return names.size() > NAMES_IN_MESSAGE ? " (" + listed + ", …)" : " (" + listed + ")";
  }
}
