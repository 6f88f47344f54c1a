package dev.longtake.runtime.model.t5;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.WeightReader;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The parameters of a umT5 encoder that live on the device, views into the reader's arena.
 *
 * <p>The token embedding is not among them: it is a fifth of the whole model and a prompt needs a
 * few rows of it, so {@link T5Encoder} takes those from the file.
 *
 * @param layers in order of use
 * @param norm [width], of the final normalisation
 */
public record T5Weights(List<Layer> layers, Tensor norm) {
  /** Copies the list. */
  public T5Weights {
    layers = List.copyOf(layers);
  }

  /**
   * Reads all parameters.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if a tensor is missing or has another shape
   */
  public static T5Weights read(WeightReader reader, T5Config config) {
    return new T5Weights(
        IntStream.range(0, config.layers()).mapToObj(i -> Layer.read(reader, config, i)).toList(),
        readNorm(reader, config));
  }

  /** Reads the parameters outside the layers. */
  public static Tensor readNorm(WeightReader reader, T5Config config) {
    return reader.tensor("norm.weight", config.width());
  }

  /**
   * One transformer layer; nothing in it has a bias.
   *
   * @param attentionNorm [width]
   * @param q [heads·headWidth, width]; {@code k} and {@code v} likewise
   * @param o [width, heads·headWidth]
   * @param distanceBias [buckets, heads], added to the attention logits
   * @param ffnNorm [width]
   * @param gate [ffnWidth, width], through the activation
   * @param up [ffnWidth, width], multiplied by the gate
   * @param down [width, ffnWidth]
   */
  public record Layer(
      Tensor attentionNorm,
      Linear q,
      Linear k,
      Linear v,
      Linear o,
      Tensor distanceBias,
      Tensor ffnNorm,
      Linear gate,
      Linear up,
      Linear down) {
    /**
     * Reads one layer's parameters.
     *
     * @param index the layer's position, from 0
     * @throws LongtakeException INVALID_CHECKPOINT if a tensor is missing or has another shape
     */
    public static Layer read(WeightReader reader, T5Config config, int index) {
      String prefix = "blocks." + index + ".";
      int width = config.width();
      int attention = config.attentionWidth();
      int ffn = config.ffnWidth();
      return new Layer(
          reader.tensor(prefix + "norm1.weight", width),
          reader.linearWithoutBias(prefix + "attn.q", attention, width),
          reader.linearWithoutBias(prefix + "attn.k", attention, width),
          reader.linearWithoutBias(prefix + "attn.v", attention, width),
          reader.linearWithoutBias(prefix + "attn.o", width, attention),
          reader.tensor(
              prefix + "pos_embedding.embedding.weight", config.buckets(), config.heads()),
          reader.tensor(prefix + "norm2.weight", width),
          reader.linearWithoutBias(prefix + "ffn.gate.0", ffn, width),
          reader.linearWithoutBias(prefix + "ffn.fc1", ffn, width),
          reader.linearWithoutBias(prefix + "ffn.fc2", width, ffn));
    }
  }
}
