package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * Rounds the inputs of matrix products to FP8, and remembers the last ones: queries, keys and
 * values are made from the same input.
 */
final class QuantizedRows {
  /**
   * An input in FP8.
   *
   * @param values FP8, as the source
   * @param scale fp32 [rows]
   */
  record Rounded(DeviceTensor source, DeviceTensor values, DeviceTensor scale) {
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
  Rounded of(DeviceTensor x, Arena scratch) {
    DeviceTensor values = DeviceTensor.of(scratch.tensor(DType.FP8_E4M3, x.shape()));
    DeviceTensor scale = DeviceTensor.of(scratch.tensor(DType.FP32, Shape.of(x.shape().rows())));
    Rounded wanted = new Rounded(x, values, scale);
    if (!wanted.equals(last)) {
      kernels.rows(stream, x, values, scale);
      last = wanted;
    }
    return wanted;
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
