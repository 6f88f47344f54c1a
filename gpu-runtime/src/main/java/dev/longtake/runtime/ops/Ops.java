package dev.longtake.runtime.ops;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.ScaledRows;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic that the models are written in, on one device.
 *
 * <p>Calls are carried out in order but not waited for, except where a method says so: keep every
 * tensor alive until {@link #synchronize()} has returned or a later waiting call has. An
 * implementation is used by one thread. Inputs and outputs must not overlap except where a method
 * allows it. A tensor of a wrong type or shape is an {@link IllegalArgumentException}, and nothing
 * has been queued then. Where {@code rows} are mentioned, all dimensions but the last are rows.
 *
 * <p>Letters in shapes: S tokens, N heads, D head width, T frames, H rows, W columns, C channels.
 */
public interface Ops extends AutoCloseable {
  /** Returns the type that activations are kept in; parameters too, where not quantised. */
  DType activationType();

  /**
   * Returns the type that keys and values are cached in: activations', or FP8 for packed caches.
   */
  default DType cacheType() {
    return activationType();
  }

  /** Returns the memory for intermediate results, shared by whoever computes at the moment. */
  Arena workspace();

  // ---- moving ----

  /**
   * Copies host values into a tensor, rounding to its type. {@code source} may be changed when the
   * call returns.
   */
  void upload(float[] source, int sourceOffset, Tensor out);

  /** Returns what takes parameters as files have them, or null where only the host can. */
  default @Nullable StoredUploads storedUploads() {
    return null;
  }

  /** Copies a tensor to the host, widening to fp32, and waits for it. */
  void download(Tensor source, float[] out, int outOffset);

  /** Copies elements; the shapes must hold equally many. */
  void copy(Tensor source, Tensor out);

  /** Sets every element. */
  void fill(Tensor out, float value);

  /** Waits until everything queued so far is done. */
  void synchronize();

  // ---- matrix products ----

  /**
   * Takes workspace for rows that only products with these weights, or with others of their type,
   * will read: of the activation type, or {@link ScaledRows} where the weights are FP8. Layer
   * normalisations can write either.
   */
  default Tensor linearInput(int rows, Linear weights) {
    if (weights.scale() == null) {
      return workspace().tensor(activationType(), rows, weights.inWidth());
    }
    return new ScaledRows(
        workspace().tensor(DType.FP8_E4M3, rows, weights.inWidth()),
        workspace().tensor(DType.FP32, rows));
  }

  /**
   * out = activation(x·Wᵀ + b).
   *
   * @param x [rows, in]; {@link ScaledRows} only for weights in FP8
   * @param out [rows, out]
   */
  void linear(Tensor x, Linear weights, Activation activation, Tensor out);

  /**
   * Convolves a channels-last tensor; see {@link ConvShape}.
   *
   * @param x [T, H, W, inChannels]
   * @param out the shape {@link ConvShape#output} gives
   */
  void convolve(Tensor x, Conv weights, Tensor out);

  /**
   * Attends each query token to every key token, head by head: softmax(scale·q·kᵀ + bias)·v.
   *
   * <p>The keys come in segments that are read as one sequence.
   *
   * @param q [Sq, N, D]
   * @param k one tensor [Sk, N, D] a segment
   * @param v as {@code k}
   * @param scale factor on q·kᵀ, normally 1/√D
   * @param bias [N, Sq, sum of Sk], or null for none
   * @param out [Sq, N, D]; may be {@code q}
   */
  void attention(
      Tensor q, List<Tensor> k, List<Tensor> v, float scale, @Nullable Tensor bias, Tensor out);

  /**
   * Keeps keys for later attention, rounded to the cache's type.
   *
   * @param keys activation type [tokens of the run, N, D], ready for use: after RoPE
   */
  default void storeKeys(Tensor keys, KvRun out) {
    copy(keys, out.keys());
  }

  /**
   * Normalises keys as {@link #rmsNorm} does over all heads, turns them as {@link #rope}, and keeps
   * them as {@link #storeKeys} does.
   *
   * @param keys activation type [tokens of the run, N, D]; may be the run's own, if it is plain
   * @param weight [N·D], or null not to normalise
   * @param cos [tokens of the run, D/2]; {@code sin} likewise
   */
  default void storeTurnedKeys(
      Tensor keys, @Nullable Tensor weight, float epsilon, Tensor cos, Tensor sin, KvRun out) {
    try (Arena.Scope scope = workspace().scope()) {
      Tensor turned =
          out.isPacked() ? workspace().tensor(activationType(), keys.shape()) : out.keys();
      if (weight == null) {
        rope(keys, cos, sin, turned);
      } else {
        rmsNormRope(keys, weight, epsilon, cos, sin, turned);
      }
      if (out.isPacked()) {
        storeKeys(turned, out);
      }
    }
  }

  /**
   * Keeps values for later attention, rounded to the cache's type.
   *
   * @param values activation type [tokens of the run, N, D]
   */
  default void storeValues(Tensor values, KvRun out) {
    copy(values, out.values());
  }

  /**
   * Reads cached keys.
   *
   * @param out activation type [tokens of the run, N, D]
   */
  default void loadKeys(KvRun run, Tensor out) {
    copy(run.keys(), out);
  }

  /**
   * Reads cached values.
   *
   * @param out activation type [tokens of the run, N, D]
   */
  default void loadValues(KvRun run, Tensor out) {
    copy(run.values(), out);
  }

  /**
   * Attends each query token to every token of a run, head by head: softmax(scale·q·kᵀ)·v.
   *
   * @param q activation type [Sq, N, D], after RoPE
   * @param scale factor on q·kᵀ, normally 1/√D
   * @param out as {@code q}, which it must not overlap
   */
  default void attention(Tensor q, KvRun context, float scale, Tensor out) {
    attention(q, List.of(context.keys()), List.of(context.values()), scale, null, out);
  }

  // ---- normalisation, over the last dimension ----

  /**
   * out = (x − mean)/√(variance + epsilon)·weight + bias, with the population variance.
   *
   * @param weight [width], or null for 1
   * @param bias [width], or null for 0
   * @param out as {@code x}; may be {@code x}
   */
  void layerNorm(
      Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon, Tensor out);

  /**
   * out = (x − mean)/√(variance + epsilon)·(1 + scale) + shift.
   *
   * @param scale [G, width]: the rows are G runs of equal length, each with its own scale
   * @param shift as {@code scale}
   * @param out as {@code x}; may be {@code x}
   */
  void layerNormModulated(Tensor x, Tensor scale, Tensor shift, float epsilon, Tensor out);

  /**
   * out = x/√(mean of x² + epsilon)·weight.
   *
   * @param weight [width]
   * @param out as {@code x}; may be {@code x}
   */
  void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out);

  /**
   * Normalises every token over all heads as {@link #rmsNorm} does, then turns it as {@link #rope}.
   *
   * @param x [S, N, D]
   * @param weight [N·D]
   * @param out as {@code x}; may be {@code x}
   */
  default void rmsNormRope(
      Tensor x, Tensor weight, float epsilon, Tensor cos, Tensor sin, Tensor out) {
    int width = x.shape().extent(1) * x.shape().extent(2);
    int tokens = x.shape().extent(0);
    rmsNorm(x.reshape(tokens, width), weight, epsilon, out.reshape(tokens, width));
    rope(out, cos, sin, out);
  }

  /**
   * x = x + y·gate, then {@code out} as {@link #layerNorm} makes it of x.
   *
   * @param gate [width], the same for every row, or null for 1
   */
  default void addThenLayerNorm(
      Tensor x,
      Tensor y,
      @Nullable Tensor gate,
      Tensor weight,
      Tensor bias,
      float epsilon,
      Tensor out) {
    addMaybeGated(x, y, gate);
    layerNorm(x, weight, bias, epsilon, out);
  }

  /**
   * x = x + y·gate, then {@code out} as {@link #layerNormModulated} makes it of x.
   *
   * @param gate [width], the same for every row, or null for 1
   */
  default void addThenLayerNormModulated(
      Tensor x,
      Tensor y,
      @Nullable Tensor gate,
      Tensor scale,
      Tensor shift,
      float epsilon,
      Tensor out) {
    addMaybeGated(x, y, gate);
    layerNormModulated(x, scale, shift, epsilon, out);
  }

  private void addMaybeGated(Tensor x, Tensor y, @Nullable Tensor gate) {
    if (gate == null) {
      add(x, y, x);
    } else {
      addGated(x, y, gate);
    }
  }

  /**
   * out = activation(x/max(‖x‖₂, 1e-12)·√width·gamma): the VAE's normalisation over channels.
   *
   * @param gamma [width]
   * @param out as {@code x}; may be {@code x}
   */
  void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out);

  // ---- elementwise ----

  /** out = activation(x); {@code out} may be {@code x}. */
  void activate(Tensor x, Activation activation, Tensor out);

  /** out = a + b; {@code out} may be either. */
  void add(Tensor a, Tensor b, Tensor out);

  /** out = a·b, element by element; {@code out} may be either. */
  void multiply(Tensor a, Tensor b, Tensor out);

  /** x = x + factor·y. */
  void addScaled(Tensor x, Tensor y, float factor);

  /**
   * x = x + y·gate, the gate the same for every row.
   *
   * @param gate [width]
   */
  void addGated(Tensor x, Tensor y, Tensor gate);

  /** x = x + row, the row [width] the same for every row of {@code x}. */
  void addRow(Tensor x, Tensor row);

  /** out = x·scale + shift, both [width]; {@code out} may be {@code x}. */
  void scaleShift(Tensor x, Tensor scale, Tensor shift, Tensor out);

  // ---- layout ----

  /**
   * Turns each adjacent pair of a head's channels by its token's angles (rotary embedding, Su et
   * al. 2021): (a, b) becomes (a·cos − b·sin, a·sin + b·cos).
   *
   * @param x [S, N, D]
   * @param cos [S, D/2], the same for all heads; {@code sin} likewise
   * @param out as {@code x}; may be {@code x}
   */
  void rope(Tensor x, Tensor cos, Tensor sin, Tensor out);

  /**
   * Spreads every token over a patch of 2×2 cells.
   *
   * @param x [T, H, W, 4·C], the four cells of a patch row by row, channels fastest
   * @param out [T, 2·H, 2·W, C]
   */
  void unpatchify(Tensor x, Tensor out);

  /**
   * Repeats every row and every column.
   *
   * @param x [T, H, W, C]
   * @param out [T, 2·H, 2·W, C]
   */
  void upsample2x(Tensor x, Tensor out);

  /**
   * Takes a range of columns.
   *
   * @param x [rows, width]
   * @param firstColumn where the range starts in {@code x}
   * @param out [rows, columns of the range]
   */
  void copyColumns(Tensor x, int firstColumn, Tensor out);

  /**
   * Overwrites a range of columns; the others stay as they are.
   *
   * @param x [rows, columns of the range]
   * @param out [rows, width]
   * @param firstColumn where the range starts in {@code out}
   */
  void putColumns(Tensor x, Tensor out, int firstColumn);

  @Override
  void close();
}
