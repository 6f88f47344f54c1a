package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.weights.WeightReader;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of the encoder.
 *
 * @param input convolution of the video
 * @param layers from full resolution to the coarsest, and those in the middle
 * @param head makes moments of the last layer's output
 * @param mean makes means of the moments, position by position; the variances are not used
 */
record EncoderWeights(Conv input, List<LayerWeights> layers, NormConvWeights head, Linear mean) {
  private static final int RESIDUALS_PER_LEVEL = 2;

  /** Mean and logarithm of the variance, in this order. */
  private static final int MOMENTS = 2;

  static EncoderWeights read(WeightReader reader, VaeConfig config) {
    int finest = config.levelWidths().get(0);
    int coarsest = config.levelWidths().get(VaeConfig.LEVELS - 1);
    int moments = MOMENTS * config.latentChannels();
    List<LayerWeights> layers = new ArrayList<>(levels(reader, config));
    layers.addAll(middle(reader, "encoder.middle", coarsest));
    return new EncoderWeights(
        NormConvWeights.causal(reader, "encoder.conv1", VaeConfig.COLOURS, finest),
        List.copyOf(layers),
        NormConvWeights.read(reader, "encoder.head.0", "encoder.head.2", coarsest, moments),
        LayerWeights.pointwise(reader, "conv1", moments, moments)
            .outputs(0, config.latentChannels()));
  }

  /** Reads the layers between the levels and the head, which both halves have. */
  static List<LayerWeights> middle(WeightReader reader, String prefix, int channels) {
    return List.of(
        ResidualWeights.read(reader, prefix + ".0", channels, channels),
        AttentionWeights.read(reader, prefix + ".1", channels),
        ResidualWeights.read(reader, prefix + ".2", channels, channels));
  }

  private static List<LayerWeights> levels(WeightReader reader, VaeConfig config) {
    List<LayerWeights> layers = new ArrayList<>();
    int channels = config.levelWidths().get(0);
    for (int level = 0; level < VaeConfig.LEVELS; level++) {
      for (int i = 0; i < RESIDUALS_PER_LEVEL; i++) {
        int width = config.levelWidths().get(level);
        layers.add(ResidualWeights.read(reader, prefix(layers.size()), channels, width));
        channels = width;
      }
      if (level == 0) {
        layers.add(DownsampleWeights.readSpace(reader, prefix(layers.size()), channels));
      } else if (level < VaeConfig.LEVELS - 1) {
        layers.add(DownsampleWeights.readSpaceAndTime(reader, prefix(layers.size()), channels));
      }
    }
    return layers;
  }

  private static String prefix(int layer) {
    return "encoder.downsamples." + layer;
  }
}
