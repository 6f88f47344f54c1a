package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.tensor.Bf16;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Fp16;

/** Sets every element of a tensor, by the driver. */
final class Fill {
  private Fill() {}

  static void queue(CudaStream stream, DeviceTensor out, float value) {
    if (out.bytes() == 0) {
      return;
    }
    switch (out.dtype()) {
      case FP32 -> stream.fill32(out.memory(), Float.floatToRawIntBits(value));
      case FP16 -> stream.fill16(out.memory(), Fp16.toBits(value));
      case BF16 -> stream.fill16(out.memory(), Bf16.toBits(value));
      default ->
          throw new IllegalArgumentException(
              "only FP32, FP16 and BF16 can be filled, but out is " + out.dtype());
    }
  }
}
