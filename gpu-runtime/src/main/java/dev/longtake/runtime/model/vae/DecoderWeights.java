package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.weights.WeightReader;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of the decoder.
 *
 * @param latent applied to each latent cell first
 * @param input convolution of what that gives
 * @param layers those in the middle, and from the coarsest resolution to the full one
 * @param head makes colours of the last layer's output
 */
record DecoderWeights(Linear latent, Conv input, List<LayerWeights> layers, NormConvWeights head) {
  private static final int RESIDUALS_PER_LEVEL = 3;

  static DecoderWeights read(WeightReader reader, VaeConfig config) {
    int finest = config.levelWidths().get(0);
    int coarsest = config.levelWidths().get(VaeConfig.LEVELS - 1);
    int cell = config.latentChannels();
    List<LayerWeights> layers =
        new ArrayList<>(EncoderWeights.middle(reader, "decoder.middle", coarsest));
    layers.addAll(levels(reader, config));
    return new DecoderWeights(
        LayerWeights.pointwise(reader, "conv2", cell, cell),
        NormConvWeights.causal(reader, "decoder.conv1", cell, coarsest),
        List.copyOf(layers),
        NormConvWeights.read(
            reader, "decoder.head.0", "decoder.head.2", finest, VaeConfig.COLOURS));
  }

  private static List<LayerWeights> levels(WeightReader reader, VaeConfig config) {
    List<LayerWeights> layers = new ArrayList<>();
    int channels = config.levelWidths().get(VaeConfig.LEVELS - 1);
    for (int level = VaeConfig.LEVELS - 1; level >= 0; level--) {
      int width = config.levelWidths().get(level);
      for (int i = 0; i < RESIDUALS_PER_LEVEL; i++) {
        layers.add(ResidualWeights.read(reader, prefix(layers.size()), channels, width));
        channels = width;
      }
      if (level > 1) {
        layers.add(UpsampleWeights.readSpaceAndTime(reader, prefix(layers.size()), channels));
      } else if (level == 1) {
        layers.add(UpsampleWeights.readSpace(reader, prefix(layers.size()), channels));
      }
      channels /= 2;
    }
    return layers;
  }

  private static String prefix(int layer) {
    return "decoder.upsamples." + layer;
  }
}
