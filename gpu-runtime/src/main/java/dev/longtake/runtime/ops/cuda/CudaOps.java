package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.cuda.AlgorithmChoice;
import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.NativeLibraries;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.ops.StoredUploads;
import dev.longtake.runtime.ops.cuda.FusedNormKernels.Addend;
import dev.longtake.runtime.ops.cuda.FusedNormKernels.Affine;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.ScaledRows;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code Ops} on an NVIDIA GPU: activations in bf16, sums in fp32.
 *
 * <p>Parameters, activations and sums may each be fp32 or bf16, as the tensors are; matrices of
 * {@link Linear} may be FP8 too. What the video autoencoder needs takes tensors that are all fp16
 * as well: moving, also from and to fp32 and from bf16; products, convolution, attention, {@link
 * #channelNorm}, {@link #activate}, {@link #add}, and {@link #scaleShift} with rows in fp32. Values
 * too large for fp16 become its largest, except in products, where they become infinite. {@link
 * #channelNorm} takes fp16 or fp32 alone.
 *
 * <p>Everything is queued on one stream, in an order and with sums that are the same in every run.
 * Used by one thread, on which the context must be current.
 */
public final class CudaOps implements Ops {
  private final CudaStream stream;
  private final Arena workspace;
  private final KernelModules modules;
  private final Libraries libraries;
  private final ElementwiseKernels elementwise;
  private final NormKernels norms;
  private final FusedNormKernels fusedNorms;
  private final ChannelNormKernel channelNorm;
  private final LayoutKernels layout;
  private final QuantizedRows quantized;
  private final MatrixProducts products;
  private final Convolution convolution;
  private final Attention attention;
  private final @Nullable PackedCaches packed;
  private final HostTransfer transfer;
  private final CudaUploads uploads;

  private CudaOps(CudaContext context, Libraries libraries, DType cacheType, Block memory) {
    this.stream = CudaStream.open(context);
    this.workspace = new Arena("workspace", ScratchBytes.afterFixed(memory));
    this.libraries = libraries;
    this.modules = new KernelModules(context);
    this.elementwise = new ElementwiseKernels(modules);
    this.norms = new NormKernels(modules);
    this.fusedNorms = new FusedNormKernels(context.device(), modules);
    this.channelNorm = new ChannelNormKernel(modules);
    this.layout = new LayoutKernels(modules);
    QuantizeKernels quantize = new QuantizeKernels(context.device(), modules);
    this.quantized = new QuantizedRows(stream, quantize);
    this.products =
        new MatrixProducts(
            stream, this.workspace, libraries.products(), quantized, elementwise, modules);
    this.convolution = new Convolution(stream, this.workspace, products, layout, modules);
    this.attention = new Attention(context, stream, this.workspace, libraries.attention(), modules);
    this.packed =
        cacheType == DType.FP8_E4M3
            ? new PackedCaches(context.device(), stream, this.workspace, attention, modules)
            : null;
    this.transfer = new HostTransfer(context, stream, elementwise, quantize, memory);
    LowRankKernel lowRank = new LowRankKernel(modules);
    this.uploads = new CudaUploads(context, stream, lowRank, quantize, memory);
  }

  /**
   * Loads kernels and libraries, and opens a stream; close the result.
   *
   * @param context current on the calling thread
   * @param natives where libraries are looked for
   * @param choice how cuBLASLt's algorithms are chosen
   * @param cacheType of cached keys and values: BF16, or FP8_E4M3, which needs compute capability
   *     8.9
   * @param memory of this device: {@link ScratchBytes#FIXED} and what the workspace needs; owned by
   *     the caller, who closes it later
   * @throws dev.longtake.runtime.api.LongtakeException DEVICE_UNAVAILABLE if cuBLASLt is missing or
   *     the driver refuses the kernels
   */
  public static CudaOps open(
      CudaContext context,
      NativeLibraries natives,
      AlgorithmChoice choice,
      DType cacheType,
      Block memory) {
    Libraries libraries = Libraries.open(context, natives, choice, memory);
    try {
      return new CudaOps(context, libraries, cacheType, memory);
    } catch (RuntimeException e) {
      libraries.close();
      throw e;
    }
  }

  /** Chooses what computes large attentions from now on, so that both can be measured. */
  public void prefer(LargeAttention choice) {
    attention.prefer(choice);
  }

  /** Returns the stream that everything is queued on; it belongs to this. */
  public CudaStream stream() {
    return stream;
  }

  @Override
  public DType activationType() {
    return DType.BF16;
  }

  @Override
  public DType cacheType() {
    return packed == null ? DType.BF16 : DType.FP8_E4M3;
  }

  @Override
  public Arena workspace() {
    return workspace;
  }

  @Override
  public void upload(float[] source, int sourceOffset, Tensor out) {
    transfer.upload(source, sourceOffset, written(out));
  }

  @Override
  public StoredUploads storedUploads() {
    return uploads;
  }

  @Override
  public void download(Tensor source, float[] out, int outOffset) {
    transfer.download(DeviceTensor.of(source), out, outOffset);
  }

  @Override
  public void copy(Tensor source, Tensor out) {
    checkArgument(
        source.shape().elements() == out.shape().elements(),
        "%s cannot be copied to %s",
        source.shape(),
        out.shape());
    DeviceTensor from = DeviceTensor.of(source);
    DeviceTensor to = written(out);
    if (from.bytes() == 0) {
      return;
    }
    if (from.dtype() == to.dtype()) {
      stream.copy(from.memory(), to.memory());
    } else {
      elementwise.convert(stream, from, to);
    }
  }

  @Override
  public void fill(Tensor out, float value) {
    Fill.queue(stream, written(out), value);
  }

  @Override
  public void synchronize() {
    stream.synchronize();
  }

  @Override
  public void linear(Tensor x, Linear weights, Activation activation, Tensor out) {
    products.linear(x, weights, activation, out);
    written(out);
  }

  @Override
  public void convolve(Tensor x, Conv weights, Tensor out) {
    quantized.forget();
    convolution.convolve(x, weights, out);
  }

  @Override
  public void attention(
      Tensor q, List<Tensor> k, List<Tensor> v, float scale, @Nullable Tensor bias, Tensor out) {
    quantized.forget();
    attention.attend(q, k, v, scale, bias, out);
  }

  @Override
  public void storeKeys(Tensor keys, KvRun out) {
    if (out.isPacked()) {
      quantized.forget();
      packedCaches().storeKeys(DeviceTensor.of(keys), out);
    } else {
      copy(keys, out.keys());
    }
  }

  @Override
  public void storeTurnedKeys(
      Tensor keys, @Nullable Tensor weight, float epsilon, Tensor cos, Tensor sin, KvRun out) {
    if (out.isPacked()) {
      quantized.forget();
      DeviceTensor gain = weight == null ? null : DeviceTensor.of(weight);
      if (packedCaches()
          .storeTurnedKeys(
              DeviceTensor.of(keys),
              gain,
              epsilon,
              DeviceTensor.of(cos),
              DeviceTensor.of(sin),
              out)) {
        return;
      }
    }
    Ops.super.storeTurnedKeys(keys, weight, epsilon, cos, sin, out);
  }

  @Override
  public void storeValues(Tensor values, KvRun out) {
    if (out.isPacked()) {
      quantized.forget();
      packedCaches().storeValues(DeviceTensor.of(values), out);
    } else {
      copy(values, out.values());
    }
  }

  @Override
  public void loadKeys(KvRun run, Tensor out) {
    if (run.isPacked()) {
      packedCaches().loadKeys(run, written(out));
    } else {
      copy(run.keys(), out);
    }
  }

  @Override
  public void loadValues(KvRun run, Tensor out) {
    if (run.isPacked()) {
      packedCaches().loadValues(run, written(out));
    } else {
      copy(run.values(), out);
    }
  }

  @Override
  public void attention(Tensor q, KvRun context, float scale, Tensor out) {
    if (context.isPacked()) {
      quantized.forget();
      packedCaches().attend(DeviceTensor.of(q), context, scale, DeviceTensor.of(out));
    } else {
      attention(q, List.of(context.keys()), List.of(context.values()), scale, null, out);
    }
  }

  private PackedCaches packedCaches() {
    checkState(packed != null, "these operations were opened for plain caches");
    return packed;
  }

  @Override
  public void layerNorm(
      Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon, Tensor out) {
    Rows.requireSame(x, out);
    if (out instanceof ScaledRows rows) {
      quantizeAfter(rows, plain -> layerNorm(x, weight, bias, epsilon, plain));
      return;
    }
    DeviceTensor gain = weight == null ? null : Rows.rowOf("weight", weight, x);
    DeviceTensor addend = bias == null ? null : Rows.rowOf("bias", bias, x);
    if (gain != null && addend != null) {
      bias.require("bias", weight.dtype(), weight.shape());
    }
    norms.layerNorm(stream, DeviceTensor.of(x), gain, addend, epsilon, written(out));
  }

  @Override
  public void layerNormModulated(Tensor x, Tensor scale, Tensor shift, float epsilon, Tensor out) {
    Rows.requireSame(x, out);
    if (out instanceof ScaledRows rows) {
      Affine affine = new Affine(DeviceTensor.of(scale), DeviceTensor.of(shift), true);
      if (fusedNorms.suits(DeviceTensor.of(x), null, affine, rows)) {
        writtenRows(rows);
        fusedNorms.layerNorm(stream, DeviceTensor.of(x), null, affine, epsilon, rows);
      } else {
        quantizeAfter(rows, plain -> layerNormModulated(x, scale, shift, epsilon, plain));
      }
      return;
    }
    norms.layerNormModulated(
        stream,
        DeviceTensor.of(x),
        DeviceTensor.of(scale),
        DeviceTensor.of(shift),
        epsilon,
        written(out));
  }

  @Override
  public void addThenLayerNorm(
      Tensor x,
      Tensor y,
      @Nullable Tensor gate,
      Tensor weight,
      Tensor bias,
      float epsilon,
      Tensor out) {
    Affine affine = new Affine(Rows.rowOf("weight", weight, x), Rows.rowOf("bias", bias, x), false);
    if (!addThenNormalize(x, y, gate, affine, epsilon, out)) {
      Ops.super.addThenLayerNorm(x, y, gate, weight, bias, epsilon, out);
    }
  }

  @Override
  public void addThenLayerNormModulated(
      Tensor x,
      Tensor y,
      @Nullable Tensor gate,
      Tensor scale,
      Tensor shift,
      float epsilon,
      Tensor out) {
    Affine affine = new Affine(DeviceTensor.of(scale), DeviceTensor.of(shift), true);
    if (!addThenNormalize(x, y, gate, affine, epsilon, out)) {
      Ops.super.addThenLayerNormModulated(x, y, gate, scale, shift, epsilon, out);
    }
  }

  /** Returns false if there is no kernel for it; nothing has been queued then. */
  private boolean addThenNormalize(
      Tensor x, Tensor y, @Nullable Tensor gate, Affine affine, float epsilon, Tensor out) {
    Rows.requireSame(x, y);
    Rows.requireSame(x, out);
    affine.shift().require("shift", affine.scale().dtype(), affine.scale().shape());
    DeviceTensor factors = gate == null ? null : Rows.rowOf("gate", gate, x);
    Addend addend = new Addend(DeviceTensor.of(y), factors);
    if (!fusedNorms.suits(DeviceTensor.of(x), addend, affine, out)) {
      return false;
    }
    if (out instanceof ScaledRows rows) {
      writtenRows(rows);
    } else {
      written(out);
    }
    fusedNorms.layerNorm(stream, written(x), addend, affine, epsilon, out);
    return true;
  }

  private void writtenRows(ScaledRows rows) {
    written(rows.values());
    written(rows.scale());
  }

  /** Computes a result in bf16, and rounds it to FP8. */
  private void quantizeAfter(ScaledRows out, Consumer<Tensor> computation) {
    try (Arena.Scope scope = workspace.scope()) {
      Tensor plain = workspace.tensor(DType.BF16, out.shape());
      computation.accept(plain);
      quantized.round(DeviceTensor.of(plain), out);
    }
  }

  @Override
  public void rmsNormRope(
      Tensor x, Tensor weight, float epsilon, Tensor cos, Tensor sin, Tensor out) {
    DeviceTensor from = DeviceTensor.of(x);
    DeviceTensor to = DeviceTensor.of(out);
    DeviceTensor gain = DeviceTensor.of(weight);
    out.require("out", x.dtype(), x.shape());
    gain.require("weight", gain.dtype(), Shape.of(x.shape().extent(1) * x.shape().extent(2)));
    if (FusedNormKernels.suitsRope(from, gain, DeviceTensor.of(cos), DeviceTensor.of(sin), to)) {
      fusedNorms.rmsNormRope(
          stream, from, gain, epsilon, DeviceTensor.of(cos), DeviceTensor.of(sin), written(out));
    } else {
      Ops.super.rmsNormRope(x, weight, epsilon, cos, sin, out);
    }
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {
    Rows.requireSame(x, out);
    norms.rmsNorm(
        stream, DeviceTensor.of(x), Rows.rowOf("weight", weight, x), epsilon, written(out));
  }

  @Override
  public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
    Rows.requireSame(x, out);
    DeviceTensor gain = Rows.rowOf("gamma", gamma, x);
    gamma.require("gamma", x.dtype(), gamma.shape());
    out.require("out", x.dtype(), out.shape());
    channelNorm.launch(stream, DeviceTensor.of(x), gain, activation, written(out));
  }

  @Override
  public void activate(Tensor x, Activation activation, Tensor out) {
    Rows.requireSame(x, out);
    elementwise.activate(stream, DeviceTensor.of(x), activation, written(out));
  }

  @Override
  public void add(Tensor a, Tensor b, Tensor out) {
    Rows.requireSame(a, b);
    Rows.requireSame(a, out);
    elementwise.add(stream, DeviceTensor.of(a), DeviceTensor.of(b), written(out));
  }

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {
    Rows.requireSame(a, b);
    Rows.requireSame(a, out);
    elementwise.multiply(stream, DeviceTensor.of(a), DeviceTensor.of(b), written(out));
  }

  @Override
  public void addScaled(Tensor x, Tensor y, float factor) {
    Rows.requireSame(x, y);
    elementwise.addScaled(stream, written(x), DeviceTensor.of(y), factor);
  }

  @Override
  public void addGated(Tensor x, Tensor y, Tensor gate) {
    Rows.requireSame(x, y);
    elementwise.addGated(stream, written(x), DeviceTensor.of(y), Rows.rowOf("gate", gate, x));
  }

  @Override
  public void addRow(Tensor x, Tensor row) {
    elementwise.addRow(stream, written(x), Rows.rowOf("row", row, x));
  }

  @Override
  public void scaleShift(Tensor x, Tensor scale, Tensor shift, Tensor out) {
    Rows.requireSame(x, out);
    DeviceTensor factors = Rows.rowOf("scale", scale, x);
    shift.require("shift", scale.dtype(), scale.shape());
    elementwise.scaleShift(
        stream, DeviceTensor.of(x), factors, DeviceTensor.of(shift), written(out));
  }

  @Override
  public void rope(Tensor x, Tensor cos, Tensor sin, Tensor out) {
    layout.rope(
        stream, DeviceTensor.of(x), DeviceTensor.of(cos), DeviceTensor.of(sin), written(out));
  }

  @Override
  public void unpatchify(Tensor x, Tensor out) {
    layout.unpatchify(stream, DeviceTensor.of(x), written(out));
  }

  @Override
  public void upsample2x(Tensor x, Tensor out) {
    layout.upsample2x(stream, DeviceTensor.of(x), written(out));
  }

  @Override
  public void copyColumns(Tensor x, int firstColumn, Tensor out) {
    layout.copyColumns(stream, DeviceTensor.of(x), firstColumn, written(out));
  }

  @Override
  public void putColumns(Tensor x, Tensor out, int firstColumn) {
    layout.putColumns(stream, DeviceTensor.of(x), written(out), firstColumn);
  }

  /** Waits for everything queued, then closes kernels, libraries and stream. */
  @Override
  public void close() {
    stream.synchronize();
    transfer.close();
    uploads.close();
    libraries.close();
    modules.close();
    stream.close();
  }

  /** Returns a tensor that is about to be overwritten, and forgets what was made from it. */
  private DeviceTensor written(Tensor out) {
    DeviceTensor tensor = DeviceTensor.of(out);
    quantized.written(tensor);
    return tensor;
  }
}
