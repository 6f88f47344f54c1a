package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.cuda.CudaDevice;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import org.jspecify.annotations.Nullable;

/** Launches the kernels of {@code quantize_sm89.cu}, which need compute capability 8.9. */
final class QuantizeKernels {
  private static final int MAJOR = 8;
  private static final int MINOR = 9;
  private static final int BLOCK_THREADS = 256;
  private static final int WARP = 32;
  private static final int MAX_THREADS = 1024;
  private static final int PACKS_PER_THREAD = 2;
  private static final int WIDTH_MULTIPLE = 16;

  private final CudaDevice device;
  private final @Nullable Kernels loaded;

  /** Loads the kernels if the GPU has FP8; without them every call is refused. */
  QuantizeKernels(CudaDevice device, KernelModules modules) {
    this.device = device;
    this.loaded = areFor(device) ? modules.load("quantize_sm89") : null;
  }

  /** Returns whether a GPU has FP8. */
  static boolean areFor(CudaDevice device) {
    return device.isAtLeast(MAJOR, MINOR);
  }

  /**
   * Rounds rows to FP8, each with a scale of its own.
   *
   * @param x bf16 [rows, width], width a multiple of 16, aligned to 16 bytes
   * @param out FP8, as {@code x}
   * @param scale fp32 [rows]
   */
  void rows(CudaStream stream, DeviceTensor x, DeviceTensor out, DeviceTensor scale) {
    int rows = x.shape().rows();
    int width = x.shape().extent(-1);
    x.require("x", DType.BF16, x.shape());
    out.require("out", DType.FP8_E4M3, Shape.of(rows, width));
    scale.require("scale", DType.FP32, Shape.of(rows));
    checkArgument(
        width % WIDTH_MULTIPLE == 0 && Kernels.packed(x, out) == 1,
        "rows rounded to FP8 must be a multiple of 16 wide and aligned to 16 bytes, but were %s",
        x.shape());
    int warps = Kernels.ceilDiv(width, Kernels.PACK * PACKS_PER_THREAD * WARP);
    kernels()
        .function("quantize_rows_bf16")
        .launch(
            stream,
            new LaunchShape(rows, Math.min(MAX_THREADS, warps * WARP), 0),
            args(x, out, scale));
  }

  /**
   * Rounds rows of weights to FP8, each divided by a scale of its own.
   *
   * @param x bf16, fp16 or fp32 [rows, width]
   * @param out FP8, as {@code x}
   * @param scale fp32 [rows]
   */
  void weights(CudaStream stream, DeviceTensor x, DeviceTensor out, DeviceTensor scale) {
    int rows = x.shape().rows();
    out.require("out", DType.FP8_E4M3, x.shape());
    scale.require("scale", DType.FP32, Shape.of(rows));
    kernels()
        .function("quantize_weights", x)
        .launch(stream, new LaunchShape(rows, BLOCK_THREADS, 0), args(x, out, scale));
  }

  /** Rounds fp32 values to FP8 as they are; what is beyond ±448 becomes that. */
  void round(CudaStream stream, DeviceTensor x, DeviceTensor out) {
    Kernels kernels = kernels();
    long count = x.shape().elements();
    KernelArgs args = kernels.args().pointer(x.memory()).pointer(out.memory()).int64(count);
    kernels.function("round_f32").launch(stream, LaunchShape.covering(count, BLOCK_THREADS), args);
  }

  private KernelArgs args(DeviceTensor x, DeviceTensor out, DeviceTensor scale) {
    return kernels()
        .args()
        .pointer(x.memory())
        .pointer(out.memory())
        .pointer(scale.memory())
        .int32(x.shape().extent(-1));
  }

  private Kernels kernels() {
    if (loaded == null) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          "FP8 needs a GPU of compute capability 8.9 or newer, but %s has %d.%d. Choose BF16."
              .formatted(device, device.computeMajor(), device.computeMinor()));
    }
    return loaded;
  }
}
