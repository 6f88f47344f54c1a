package dev.longtake.runtime.model.t5;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.TensorSource;

/**
 * The sizes of a umT5 encoder, which its checkpoint tells by the shapes of its tensors alone.
 *
 * @param vocabulary rows of the token embedding
 * @param width width of a token's vector
 * @param layers number of transformer layers
 * @param heads attention heads of a layer
 * @param headWidth width of one head; heads·headWidth need not be the width
 * @param ffnWidth width inside the gated feed-forward network
 * @param buckets how many ranges of relative distance have a bias of their own, an even number
 */
public record T5Config(
    int vocabulary, int width, int layers, int heads, int headWidth, int ffnWidth, int buckets) {
  /** Distances from here on share the last bucket of their direction. In no file; fixed by umT5. */
  static final int MAX_DISTANCE = 128;

  /** Added to the mean square by every normalisation. In no file; fixed by umT5. */
  static final float EPSILON = 1e-6f;

  /** Name of the token embedding, [vocabulary, width], which stays in its file. */
  public static final String TOKEN_EMBEDDING = "token_embedding.weight";

  /** Checks that the sizes are positive and the buckets can be halved twice. */
  public T5Config {
    checkArgument(vocabulary > 0, "vocabulary must be positive, but was %s", vocabulary);
    checkArgument(width > 0, "width must be positive, but was %s", width);
    checkArgument(layers > 0, "layers must be positive, but was %s", layers);
    checkArgument(heads > 0, "heads must be positive, but was %s", heads);
    checkArgument(headWidth > 0, "headWidth must be positive, but was %s", headWidth);
    checkArgument(ffnWidth > 0, "ffnWidth must be positive, but was %s", ffnWidth);
    checkArgument(
        buckets >= 4 && buckets % 4 == 0 && buckets / 4 < MAX_DISTANCE,
        "buckets must be a positive multiple of 4 below %s, but was %s",
        4 * MAX_DISTANCE,
        buckets);
  }

  /**
   * Reads the sizes off a checkpoint's shapes. Tensor contents are not touched.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if a tensor that tells a size is missing, has
   *     another rank, or contradicts the heads
   */
  public static T5Config of(TensorSource source) {
    Shape embedding = matrix(source, TOKEN_EMBEDDING);
    Shape bias = matrix(source, "blocks.0.pos_embedding.embedding.weight");
    Shape query = matrix(source, "blocks.0.attn.q.weight");
    Shape ffn = matrix(source, "blocks.0.ffn.fc1.weight");
    int heads = bias.extent(1);
    if (heads == 0 || query.extent(0) % heads != 0) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          "blocks.0.attn.q.weight of %s is %s, which cannot be dealt over the %d heads of "
                  .formatted(source.description(), query, heads)
              + "blocks.0.pos_embedding.embedding.weight. Use an unmodified umT5 encoder file.");
    }
    return new T5Config(
        embedding.extent(0),
        embedding.extent(1),
        countLayers(source),
        heads,
        query.extent(0) / heads,
        ffn.extent(0),
        bias.extent(0));
  }

  /** Returns the width of all heads together. */
  int attentionWidth() {
    return heads * headWidth;
  }

  private static int countLayers(TensorSource source) {
    int layers = 0;
    while (source.names().contains("blocks." + layers + ".norm1.weight")) {
      layers++;
    }
    return layers;
  }

  private static Shape matrix(TensorSource source, String name) {
    Shape shape = source.tensor(name).shape();
    if (shape.rank() != 2) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          "%s of %s must be a matrix, but is %s. Use an unmodified umT5 encoder file."
              .formatted(name, source.description(), shape));
    }
    return shape;
  }
}
