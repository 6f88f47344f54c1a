package dev.longtake.runtime.ops;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Operations for a model that keeps its activations in a type of its own; they are queued and take
 * memory where those behind them do. Closing is left to whoever opened those.
 */
public final class TypedOps implements Ops {
  private final Ops inner;
  private final DType activationType;

  private TypedOps(Ops inner, DType activationType) {
    this.inner = inner;
    this.activationType = activationType;
  }

  /** Returns {@code ops} with activations in this type: themselves, if they have it already. */
  public static Ops of(Ops ops, DType activationType) {
    return ops.activationType() == activationType ? ops : new TypedOps(ops, activationType);
  }

  @Override
  public DType activationType() {
    return activationType;
  }

  @Override
  public Arena workspace() {
    return inner.workspace();
  }

  @Override
  public void upload(float[] source, int sourceOffset, Tensor out) {
    inner.upload(source, sourceOffset, out);
  }

  @Override
  public @Nullable StoredUploads storedUploads() {
    return inner.storedUploads();
  }

  @Override
  public void download(Tensor source, float[] out, int outOffset) {
    inner.download(source, out, outOffset);
  }

  @Override
  public void copy(Tensor source, Tensor out) {
    inner.copy(source, out);
  }

  @Override
  public void fill(Tensor out, float value) {
    inner.fill(out, value);
  }

  @Override
  public void synchronize() {
    inner.synchronize();
  }

  @Override
  public void linear(Tensor x, Linear weights, Activation activation, Tensor out) {
    inner.linear(x, weights, activation, out);
  }

  @Override
  public void convolve(Tensor x, Conv weights, Tensor out) {
    inner.convolve(x, weights, out);
  }

  @Override
  public void attention(
      Tensor q, List<Tensor> k, List<Tensor> v, float scale, @Nullable Tensor bias, Tensor out) {
    inner.attention(q, k, v, scale, bias, out);
  }

  @Override
  public void layerNorm(
      Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon, Tensor out) {
    inner.layerNorm(x, weight, bias, epsilon, out);
  }

  @Override
  public void layerNormModulated(Tensor x, Tensor scale, Tensor shift, float epsilon, Tensor out) {
    inner.layerNormModulated(x, scale, shift, epsilon, out);
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {
    inner.rmsNorm(x, weight, epsilon, out);
  }

  @Override
  public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
    inner.channelNorm(x, gamma, activation, out);
  }

  @Override
  public void activate(Tensor x, Activation activation, Tensor out) {
    inner.activate(x, activation, out);
  }

  @Override
  public void add(Tensor a, Tensor b, Tensor out) {
    inner.add(a, b, out);
  }

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {
    inner.multiply(a, b, out);
  }

  @Override
  public void addScaled(Tensor x, Tensor y, float factor) {
    inner.addScaled(x, y, factor);
  }

  @Override
  public void addGated(Tensor x, Tensor y, Tensor gate) {
    inner.addGated(x, y, gate);
  }

  @Override
  public void addRow(Tensor x, Tensor row) {
    inner.addRow(x, row);
  }

  @Override
  public void scaleShift(Tensor x, Tensor scale, Tensor shift, Tensor out) {
    inner.scaleShift(x, scale, shift, out);
  }

  @Override
  public void rope(Tensor x, Tensor cos, Tensor sin, Tensor out) {
    inner.rope(x, cos, sin, out);
  }

  @Override
  public void unpatchify(Tensor x, Tensor out) {
    inner.unpatchify(x, out);
  }

  @Override
  public void upsample2x(Tensor x, Tensor out) {
    inner.upsample2x(x, out);
  }

  @Override
  public void copyColumns(Tensor x, int firstColumn, Tensor out) {
    inner.copyColumns(x, firstColumn, out);
  }

  @Override
  public void putColumns(Tensor x, Tensor out, int firstColumn) {
    inner.putColumns(x, out, firstColumn);
  }

  /** Does nothing: the operations belong to whoever opened them. */
  @Override
  public void close() {}
}
