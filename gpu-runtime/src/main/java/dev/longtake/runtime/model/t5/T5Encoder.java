package dev.longtake.runtime.model.t5;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.StoredTensor;
import java.util.List;

/**
 * Turns a prompt's tokens into vectors: umT5's encoder, on the real tokens only.
 *
 * <p>The official code pads the tokens and masks the padding, which leaves the rows of the real
 * tokens as they are. What is added up over the layers is fp32, and so is everything else but the
 * inputs of matrix products. Owns nothing; used by the thread of its {@code Ops}.
 */
public final class T5Encoder {
  private static final float UNSCALED = 1;

  private final Ops ops;
  private final T5Config config;
  private final Layers layers;
  private final Tensor norm;
  private final StoredTensor embedding;

  /**
   * Creates the encoder.
   *
   * @param weights in memory of {@code ops}
   * @param embedding the file's {@link T5Config#TOKEN_EMBEDDING}; it must stay open
   * @throws IllegalArgumentException if the embedding or the number of layers is not the config's
   */
  public T5Encoder(Ops ops, T5Config config, T5Weights weights, StoredTensor embedding) {
    this(ops, config, index -> weights.layers().get(index), weights.norm(), embedding);
    checkArgument(
        weights.layers().size() == config.layers(),
        "the weights have %s layers, the config has %s",
        weights.layers().size(),
        config.layers());
  }

  /**
   * Creates an encoder whose layers need not be in memory all at once.
   *
   * @param layers gives them, in order, for every prompt
   * @param norm [width], of the final normalisation
   */
  public T5Encoder(Ops ops, T5Config config, Layers layers, Tensor norm, StoredTensor embedding) {
    this.ops = requireNonNull(ops, "ops");
    this.config = requireNonNull(config, "config");
    this.layers = requireNonNull(layers, "layers");
    this.norm = requireNonNull(norm, "norm");
    this.embedding = requireNonNull(embedding, "embedding");
    Shape expected = Shape.of(config.vocabulary(), config.width());
    checkArgument(
        embedding.shape().equals(expected),
        "%s must be %s, but was %s",
        embedding.name(),
        expected,
        embedding.shape());
  }

  /** Where layers come from. */
  public interface Layers {
    /** Returns a layer, which is in memory until the next one is asked for. */
    T5Weights.Layer layer(int index);
  }

  /** Returns the sizes this encoder was made for. */
  public T5Config config() {
    return config;
  }

  /**
   * Encodes one prompt. Queued and not waited for; {@code ids} may be changed on return.
   *
   * @param ids the prompt's tokens, at least one, without padding
   * @param out fp32 [ids, width], in memory of the caller
   * @throws IllegalArgumentException if there are no tokens, a token is not in the vocabulary, or
   *     {@code out} is something else; nothing has been queued then
   */
  public void encode(int[] ids, Tensor out) {
    checkArgument(ids.length > 0, "a prompt has at least its end token, but there are no tokens");
    out.require("out", DType.FP32, Shape.of(ids.length, config.width()));
    for (int id : ids) {
      checkArgument(
          id >= 0 && id < config.vocabulary(),
          "token %s is not in the vocabulary of %s; do tokenizer.json and the weights belong"
              + " together?",
          id,
          config.vocabulary());
    }
    embed(ids, out);
    try (Arena.Scope scope = ops.workspace().scope()) {
      RelativeBias relativeBias = new RelativeBias(ops, config, ids.length);
      for (int index = 0; index < config.layers(); index++) {
        T5Weights.Layer layer = layers.layer(index);
        attend(layer, relativeBias, out);
        feedForward(layer, out);
      }
    }
    ops.rmsNorm(out, norm, T5Config.EPSILON, out);
  }

  private void embed(int[] ids, Tensor out) {
    float[] row = new float[config.width()];
    for (int i = 0; i < ids.length; i++) {
      embedding.read((long) ids[i] * row.length, row, 0, row.length);
      ops.upload(row, 0, out.slice(i, 1));
    }
  }

  /** Adds the attention of every token to every token to {@code hidden}. */
  private void attend(T5Weights.Layer layer, RelativeBias relativeBias, Tensor hidden) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      int tokens = hidden.shape().extent(0);
      Tensor normed = rounded(tokens, config.width());
      Tensor bias = exact(config.heads(), tokens, tokens);
      relativeBias.of(layer.distanceBias(), bias);
      ops.rmsNorm(hidden, layer.attentionNorm(), T5Config.EPSILON, normed);
      Tensor q = project(normed, layer.q());
      Tensor k = project(normed, layer.k());
      Tensor v = project(normed, layer.v());
      ops.attention(q, List.of(k), List.of(v), UNSCALED, bias, q);
      Tensor joined = rounded(tokens, config.attentionWidth());
      ops.copy(q, joined);
      addProduct(joined, layer.o(), hidden);
    }
  }

  /** Returns [tokens, heads, headWidth]. */
  private Tensor project(Tensor x, Linear weights) {
    int tokens = x.shape().extent(0);
    Tensor result = exact(tokens, config.heads(), config.headWidth());
    ops.linear(x, weights, Activation.NONE, result.reshape(tokens, config.attentionWidth()));
    return result;
  }

  /** Adds down(gelu(gate(x))·up(x)) to {@code hidden}, x being its normalisation. */
  private void feedForward(T5Weights.Layer layer, Tensor hidden) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      int tokens = hidden.shape().extent(0);
      Tensor normed = rounded(tokens, config.width());
      Tensor gate = exact(tokens, config.ffnWidth());
      Tensor up = exact(tokens, config.ffnWidth());
      Tensor gated = rounded(tokens, config.ffnWidth());
      ops.rmsNorm(hidden, layer.ffnNorm(), T5Config.EPSILON, normed);
      ops.linear(normed, layer.gate(), Activation.NONE, gate);
      ops.activate(gate, Activation.GELU_TANH, gate);
      ops.linear(normed, layer.up(), Activation.NONE, up);
      ops.multiply(gate, up, gated);
      addProduct(gated, layer.down(), hidden);
    }
  }

  private void addProduct(Tensor x, Linear weights, Tensor hidden) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor product = exact(hidden.shape().extent(0), config.width());
      ops.linear(x, weights, Activation.NONE, product);
      ops.add(hidden, product, hidden);
    }
  }

  /** Takes memory for what a matrix product reads. */
  private Tensor rounded(int... extents) {
    return ops.workspace().tensor(ops.activationType(), extents);
  }

  /** Takes memory for what is not rounded. */
  private Tensor exact(int... extents) {
    return ops.workspace().tensor(DType.FP32, extents);
  }
}
