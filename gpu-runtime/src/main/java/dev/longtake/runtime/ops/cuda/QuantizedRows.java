package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.ScaledRows;
import org.jspecify.annotations.Nullable;

/**
 * Rounds the inputs of matrix products to FP8, and remembers the last ones: queries, keys and
 * values are made from the same input.
 */
final class QuantizedRows {
  /** An input and what it was rounded to. */
  private record Rounded(DeviceTensor source, DeviceTensor values, DeviceTensor scale) {
    private boolean touches(DeviceTensor tensor) {
      return Overlap.of(source, tensor) || Overlap.of(values, tensor) || Overlap.of(scale, tensor);
    }
  }

  private final CudaStream stream;
  private final QuantizeKernels kernels;
  private @Nullable Rounded last;

  QuantizedRows(CudaStream stream, QuantizeKernels kernels) {
    this.stream = stream;
    this.kernels = kernels;
  }

  /**
   * Returns {@code x} in FP8, rounded anew unless that is still in its place.
   *
   * @param scratch where the result lies, until the caller's scope closes
   */
  ScaledRows of(DeviceTensor x, Arena scratch) {
    int rows = x.shape().rows();
    ScaledRows result =
        new ScaledRows(
            scratch.tensor(DType.FP8_E4M3, rows, x.shape().extent(-1)),
            scratch.tensor(DType.FP32, rows));
    DeviceTensor values = DeviceTensor.of(result.values());
    DeviceTensor scale = DeviceTensor.of(result.scale());
    Rounded wanted = new Rounded(x, values, scale);
    if (!wanted.equals(last)) {
      kernels.rows(stream, x, values, scale);
      last = wanted;
    }
    return result;
  }

  /** Rounds {@code x} to where the caller wants it. */
  void round(DeviceTensor x, ScaledRows out) {
    DeviceTensor values = DeviceTensor.of(out.values());
    DeviceTensor scale = DeviceTensor.of(out.scale());
    written(values);
    written(scale);
    kernels.rows(stream, x, values, scale);
  }

  /** Forgets what is remembered if {@code written} overwrites any of it. */
  void written(DeviceTensor written) {
    if (last != null && last.touches(written)) {
      last = null;
    }
  }

  /** Forgets what is remembered: the scratch memory is about to be used for something else. */
  void forget() {
    last = null;
  }
}
