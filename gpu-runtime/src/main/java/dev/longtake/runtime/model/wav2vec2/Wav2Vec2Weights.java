package dev.longtake.runtime.model.wav2vec2;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.TensorSource;
import dev.longtake.runtime.weights.WeightReader;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The parameters of a wav2vec2 encoder, views into the reader's arena. The letter head and the mask
 * embedding of the file are not needed and not read.
 *
 * @param features the convolutions that turn samples into frames
 * @param projectionNorm over the channels of the last of them
 * @param projection from those channels to the hidden size
 * @param position the convolution that encodes positions
 * @param layers in order of use
 * @param norm of the last hidden states
 */
public record Wav2Vec2Weights(
    List<Feature> features,
    Norm projectionNorm,
    Linear projection,
    Conv position,
    List<Layer> layers,
    Norm norm) {
  private static final String MODEL = "wav2vec2.";
  private static final String TEXT_HEAD = "lm_head.";
  private static final String MASK = MODEL + "masked_spec_embed";
  private static final String POSITION = MODEL + "encoder.pos_conv_embed.conv";

  /** Copies the lists. */
  public Wav2Vec2Weights {
    features = List.copyOf(features);
    layers = List.copyOf(layers);
  }

  /** Returns whether a tensor serves training and transcription alone, and is not read. */
  public static boolean isOfTraining(String name) {
    return name.startsWith(TEXT_HEAD) || name.equals(MASK);
  }

  /**
   * Returns the source that the reader given to {@link #read} must read from: {@code file} with the
   * positional convolution's weight put together from the two parts it is stored in.
   *
   * @param file the model's tensors; closed by closing the result
   * @throws LongtakeException INVALID_CHECKPOINT if a part is missing or the shapes do not agree
   */
  public static TensorSource source(TensorSource file) {
    return WeightNormedSource.over(file, POSITION);
  }

  /**
   * Reads all parameters.
   *
   * @param reader reads from what {@link #source} returned
   * @throws LongtakeException INVALID_CHECKPOINT if a tensor is missing or has another shape
   */
  public static Wav2Vec2Weights read(WeightReader reader, Wav2Vec2Config config) {
    int channels = config.features().get(config.features().size() - 1).channels();
    int hidden = config.hiddenSize();
    return new Wav2Vec2Weights(
        IntStream.range(0, config.features().size())
            .mapToObj(i -> Feature.read(reader, config, i))
            .toList(),
        Norm.read(reader, MODEL + "feature_projection.layer_norm", channels),
        reader.linear(MODEL + "feature_projection.projection", hidden, channels),
        reader.conv(POSITION, config.positionShape()),
        IntStream.range(0, config.layers()).mapToObj(i -> Layer.read(reader, config, i)).toList(),
        Norm.read(reader, MODEL + "encoder.layer_norm", hidden));
  }

  /**
   * The parameters of a layer normalisation.
   *
   * @param weight [width]
   * @param bias [width]
   */
  public record Norm(Tensor weight, Tensor bias) {
    static Norm read(WeightReader reader, String prefix, int width) {
      return new Norm(
          reader.tensor(prefix + ".weight", width), reader.tensor(prefix + ".bias", width));
    }
  }

  /**
   * One convolution of the feature extractor and the normalisation of its channels.
   *
   * @param conv over frames [T, 1, 1, channels]
   */
  public record Feature(Conv conv, Norm norm) {
    static Feature read(WeightReader reader, Wav2Vec2Config config, int index) {
      String prefix = MODEL + "feature_extractor.conv_layers." + index + ".";
      return new Feature(
          reader.conv(prefix + "conv", config.featureShape(index)),
          Norm.read(reader, prefix + "layer_norm", config.features().get(index).channels()));
    }
  }

  /**
   * One transformer layer.
   *
   * @param q [hiddenSize, hiddenSize]; {@code k}, {@code v} and {@code o} likewise
   * @param up [intermediateSize, hiddenSize]
   * @param down [hiddenSize, intermediateSize]
   */
  public record Layer(
      Norm attentionNorm,
      Linear q,
      Linear k,
      Linear v,
      Linear o,
      Norm ffnNorm,
      Linear up,
      Linear down) {
    static Layer read(WeightReader reader, Wav2Vec2Config config, int index) {
      String prefix = MODEL + "encoder.layers." + index + ".";
      int hidden = config.hiddenSize();
      int inner = config.intermediateSize();
      return new Layer(
          Norm.read(reader, prefix + "layer_norm", hidden),
          reader.linear(prefix + "attention.q_proj", hidden, hidden),
          reader.linear(prefix + "attention.k_proj", hidden, hidden),
          reader.linear(prefix + "attention.v_proj", hidden, hidden),
          reader.linear(prefix + "attention.out_proj", hidden, hidden),
          Norm.read(reader, prefix + "final_layer_norm", hidden),
          reader.linear(prefix + "feed_forward.intermediate_dense", inner, hidden),
          reader.linear(prefix + "feed_forward.output_dense", hidden, inner));
    }
  }
}
