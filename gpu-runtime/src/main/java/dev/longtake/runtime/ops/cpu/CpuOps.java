package dev.longtake.runtime.ops.cpu;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code Ops} in fp32 on the processor: the specification of every operation, and what runs without
 * a GPU. Each call returns when its work is done.
 */
public final class CpuOps implements Ops {
  private final Arena workspace;
  private final Parallel parallel;
  private final Scratch[] scratch;
  private final Rows rows;
  private final MatrixProducts products;
  private final Convolution convolution;
  private final Attention attention;
  private final Normalization normalization;
  private final Layout layout;

  /**
   * Starts the threads.
   *
   * @param threads how many threads compute, the calling one among them; changes no result
   * @param workspace memory for intermediate results; owned by the caller, who closes it later
   */
  public CpuOps(int threads, Block workspace) {
    Gemm.useCallingThreadOnly();
    this.workspace = new Arena("workspace", workspace);
    this.parallel = new Parallel(threads);
    this.scratch = new Scratch[threads];
    for (int i = 0; i < threads; i++) {
      scratch[i] = new Scratch();
    }
    this.rows = new Rows(parallel, scratch);
    this.products = new MatrixProducts(parallel, scratch);
    this.convolution = new Convolution(parallel, scratch, products);
    this.attention = new Attention(parallel, scratch);
    this.normalization = new Normalization(rows);
    this.layout = new Layout(parallel, rows);
  }

  @Override
  public DType activationType() {
    return DType.FP32;
  }

  @Override
  public Arena workspace() {
    return workspace;
  }

  @Override
  public void upload(float[] source, int sourceOffset, Tensor out) {
    HostTensor host = HostTensor.of(out);
    host.values().put(0, source, sourceOffset, host.values().capacity());
  }

  @Override
  public void download(Tensor source, float[] out, int outOffset) {
    HostTensor host = HostTensor.of(source);
    host.values().get(0, out, outOffset, host.values().capacity());
  }

  @Override
  public void copy(Tensor source, Tensor out) {
    layout.copy(HostTensor.of(source), HostTensor.of(out));
  }

  @Override
  public void fill(Tensor out, float value) {
    HostTensor host = HostTensor.of(out);
    rows.map(
        host,
        1,
        host,
        (values, firstRow, count, scratchOfThread) ->
            java.util.Arrays.fill(values, 0, count, value));
  }

  @Override
  public void synchronize() {}

  @Override
  public void linear(Tensor x, Linear weights, Activation activation, Tensor out) {
    products.linear(HostTensor.of(x), weights, activation, HostTensor.of(out));
  }

  @Override
  public void convolve(Tensor x, Conv weights, Tensor out) {
    convolution.convolve(HostTensor.of(x), weights, HostTensor.of(out));
  }

  @Override
  public void attention(
      Tensor q, List<Tensor> k, List<Tensor> v, float scale, @Nullable Tensor bias, Tensor out) {
    attention.attend(
        HostTensor.of(q),
        k.stream().map(HostTensor::of).toList(),
        v.stream().map(HostTensor::of).toList(),
        scale,
        bias == null ? null : HostTensor.of(bias),
        HostTensor.of(out));
  }

  @Override
  public void layerNorm(
      Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon, Tensor out) {
    requireSame(x, out);
    normalization.layerNorm(
        HostTensor.of(x),
        weight == null ? null : rowOf("weight", weight, x),
        bias == null ? null : rowOf("bias", bias, x),
        epsilon,
        HostTensor.of(out));
  }

  @Override
  public void layerNormModulated(Tensor x, Tensor scale, Tensor shift, float epsilon, Tensor out) {
    requireSame(x, out);
    int groups = scale.shape().extent(0);
    int xRows = x.shape().rows();
    scale.require("scale", DType.FP32, Shape.of(groups, x.shape().extent(-1)));
    shift.require("shift", DType.FP32, scale.shape());
    checkArgument(
        groups > 0 && xRows % groups == 0, "%s rows cannot be dealt over %s groups", xRows, groups);
    float[] gain = valuesOf(scale);
    for (int i = 0; i < gain.length; i++) {
      gain[i] += 1f;
    }
    normalization.layerNormModulated(
        HostTensor.of(x), gain, valuesOf(shift), xRows / groups, epsilon, HostTensor.of(out));
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {
    requireSame(x, out);
    normalization.rmsNorm(
        HostTensor.of(x), rowOf("weight", weight, x), epsilon, HostTensor.of(out));
  }

  @Override
  public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
    requireSame(x, out);
    normalization.channelNorm(
        HostTensor.of(x), rowOf("gamma", gamma, x), activation, HostTensor.of(out));
  }

  @Override
  public void activate(Tensor x, Activation activation, Tensor out) {
    requireSame(x, out);
    rows.map(
        HostTensor.of(x),
        1,
        HostTensor.of(out),
        (values, firstRow, count, scratchOfThread) ->
            VectorMath.activate(values, count, activation));
  }

  @Override
  public void add(Tensor a, Tensor b, Tensor out) {
    combine(a, b, out, (x, y) -> x + y);
  }

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {
    combine(a, b, out, (x, y) -> x * y);
  }

  @Override
  public void addScaled(Tensor x, Tensor y, float factor) {
    combine(x, y, x, (a, b) -> a + factor * b);
  }

  @Override
  public void addGated(Tensor x, Tensor y, Tensor gate) {
    requireSame(x, y);
    int width = x.shape().extent(-1);
    float[] gates = rowOf("gate", gate, x);
    HostTensor addend = HostTensor.of(y);
    rows.map(
        HostTensor.of(x),
        width,
        HostTensor.of(x),
        (values, firstRow, count, scratchOfThread) -> {
          float[] other = scratchOfThread.otherRow(count * width);
          addend.values().get(firstRow * width, other, 0, count * width);
          for (int row = 0; row < count; row++) {
            for (int i = 0; i < width; i++) {
              values[row * width + i] += other[row * width + i] * gates[i];
            }
          }
        });
  }

  @Override
  public void addRow(Tensor x, Tensor row) {
    affine(x, null, rowOf("row", row, x), x);
  }

  @Override
  public void scaleShift(Tensor x, Tensor scale, Tensor shift, Tensor out) {
    requireSame(x, out);
    affine(x, rowOf("scale", scale, x), rowOf("shift", shift, x), out);
  }

  @Override
  public void rope(Tensor x, Tensor cos, Tensor sin, Tensor out) {
    requireSame(x, out);
    layout.rope(HostTensor.of(x), HostTensor.of(cos), HostTensor.of(sin), HostTensor.of(out));
  }

  @Override
  public void unpatchify(Tensor x, Tensor out) {
    layout.unpatchify(HostTensor.of(x), HostTensor.of(out));
  }

  @Override
  public void upsample2x(Tensor x, Tensor out) {
    layout.upsample2x(HostTensor.of(x), HostTensor.of(out));
  }

  @Override
  public void copyColumns(Tensor x, int firstColumn, Tensor out) {
    layout.copyColumns(HostTensor.of(x), firstColumn, HostTensor.of(out));
  }

  @Override
  public void putColumns(Tensor x, Tensor out, int firstColumn) {
    layout.putColumns(HostTensor.of(x), HostTensor.of(out), firstColumn);
  }

  @Override
  public void close() {
    parallel.close();
    for (Scratch each : scratch) {
      each.close();
    }
  }

  private interface Combination {
    float of(float a, float b);
  }

  private void combine(Tensor a, Tensor b, Tensor out, Combination combination) {
    requireSame(a, b);
    requireSame(a, out);
    HostTensor second = HostTensor.of(b);
    rows.map(
        HostTensor.of(a),
        1,
        HostTensor.of(out),
        (values, first, count, scratchOfThread) -> {
          float[] other = scratchOfThread.otherRow(count);
          second.values().get(first, other, 0, count);
          for (int i = 0; i < count; i++) {
            values[i] = combination.of(values[i], other[i]);
          }
        });
  }

  private void affine(Tensor x, float @Nullable [] scale, float[] shift, Tensor out) {
    int width = x.shape().extent(-1);
    rows.map(
        HostTensor.of(x),
        width,
        HostTensor.of(out),
        (values, firstRow, count, scratchOfThread) -> {
          for (int row = 0; row < count; row++) {
            for (int i = 0; i < width; i++) {
              float value = values[row * width + i];
              values[row * width + i] = (scale == null ? value : value * scale[i]) + shift[i];
            }
          }
        });
  }

  private static void requireSame(Tensor x, Tensor other) {
    checkArgument(
        x.shape().elements() == other.shape().elements()
            && x.shape().extent(-1) == other.shape().extent(-1),
        "the tensors' shapes must agree, but were %s and %s",
        x.shape(),
        other.shape());
  }

  private static float[] rowOf(String name, Tensor row, Tensor x) {
    row.require(name, DType.FP32, Shape.of(x.shape().extent(-1)));
    return valuesOf(row);
  }

  private static float[] valuesOf(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().elements())];
    HostTensor.of(tensor).values().get(0, values);
    return values;
  }
}
