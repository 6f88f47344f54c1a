package dev.longtake.runtime.model.wav2vec2;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.ops.ConvShape;
import java.util.List;

/**
 * The sizes of a wav2vec2 encoder, from its {@code config.json}.
 *
 * @param hiddenSize width of the hidden states
 * @param layers number of transformer layers
 * @param heads attention heads of a layer; divides the hidden size
 * @param intermediateSize width inside a feed-forward network
 * @param features the convolutions that turn samples into frames, in order; at least one
 * @param positionKernel taps of the convolution that encodes positions
 * @param positionGroups groups of that convolution; divides the hidden size
 * @param epsilon added to the variance by every normalisation
 */
public record Wav2Vec2Config(
    int hiddenSize,
    int layers,
    int heads,
    int intermediateSize,
    List<FeatureConv> features,
    int positionKernel,
    int positionGroups,
    float epsilon) {
  /**
   * One convolution of the feature extractor.
   *
   * @param channels how many it puts out
   * @param kernel its taps
   * @param stride samples, or frames of the one before, per frame
   */
  public record FeatureConv(int channels, int kernel, int stride) {
    /** Checks that all are positive. */
    public FeatureConv {
      checkArgument(
          channels > 0 && kernel > 0 && stride > 0,
          "channels, kernel and stride must be positive, but were %s, %s and %s",
          channels,
          kernel,
          stride);
    }
  }

  /** Copies the list and checks that heads and groups divide the hidden size. */
  public Wav2Vec2Config {
    features = List.copyOf(features);
    checkArgument(!features.isEmpty(), "there must be at least one feature convolution");
    checkArgument(
        heads > 0 && hiddenSize % heads == 0,
        "%s heads do not divide the hidden size %s",
        heads,
        hiddenSize);
    checkArgument(
        positionGroups > 0 && hiddenSize % positionGroups == 0,
        "%s groups do not divide the hidden size %s",
        positionGroups,
        hiddenSize);
    checkArgument(layers > 0, "layers must be positive, but was %s", layers);
    checkArgument(
        intermediateSize > 0, "intermediateSize must be positive, but was %s", intermediateSize);
    checkArgument(
        positionKernel > 0, "positionKernel must be positive, but was %s", positionKernel);
    checkArgument(epsilon > 0, "epsilon must be positive, but was %s", epsilon);
  }

  /**
   * Reads a {@code config.json}.
   *
   * @param file where it comes from, for messages
   * @throws LongtakeException INVALID_CHECKPOINT if a key is missing, or asks for a variant of
   *     wav2vec2 that this package does not compute
   */
  public static Wav2Vec2Config of(JsonNode json, String file) {
    return new ConfigFile(json, file).read();
  }

  /** Returns the width of one attention head. */
  int headWidth() {
    return hiddenSize / heads;
  }

  /** Returns the geometry of a feature convolution over frames [T, 1, 1, channels]. */
  ConvShape featureShape(int index) {
    FeatureConv conv = features.get(index);
    int inChannels = index == 0 ? 1 : features.get(index - 1).channels();
    return ConvShape.overTime(conv.channels(), inChannels, conv.kernel(), conv.stride());
  }

  /** Returns the geometry of the positional convolution over frames [T, 1, 1, hiddenSize]. */
  ConvShape positionShape() {
    return ConvShape.overTime(hiddenSize, hiddenSize, positionKernel, 1).withGroups(positionGroups);
  }

  /** Returns how many samples one frame is later than the one before. */
  public int strideSamples() {
    return features.stream().mapToInt(FeatureConv::stride).reduce(1, Math::multiplyExact);
  }

  /** Returns how many samples one frame is computed from. */
  public int fieldSamples() {
    int field = 1;
    for (int i = features.size() - 1; i >= 0; i--) {
      field = (field - 1) * features.get(i).stride() + features.get(i).kernel();
    }
    return field;
  }

  /** Returns how many frames this many samples lead to, 0 if they are too few for one. */
  public int frames(int samples) {
    int field = fieldSamples();
    return samples < field ? 0 : (samples - field) / strideSamples() + 1;
  }

  /** Returns the fewest samples that lead to this many frames. */
  int samples(int frames) {
    return (frames - 1) * strideSamples() + fieldSamples();
  }
}
