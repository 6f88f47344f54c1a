package dev.longtake.runtime.weights;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Takes memory for parameters, in one order and the right types, so that reading a model uses
 * exactly what planning it measured.
 *
 * @param arena owns the parameters
 */
record WeightAllocator(Arena arena, WeightTypes types) {
  Tensor tensor(int... shape) {
    return arena.tensor(types.parameters(), shape);
  }

  Linear linear(String name, int out, int in) {
    return linear(name, out, in, tensor(out));
  }

  Linear linearWithoutBias(String name, int out, int in) {
    return linear(name, out, in, null);
  }

  Conv conv(ConvShape shape) {
    return new Conv(
        shape, tensor(shape.outChannels(), shape.windowSize()), tensor(shape.outChannels()));
  }

  private Linear linear(String name, int out, int in, @Nullable Tensor bias) {
    if (!types.quantised().test(name)) {
      return new Linear(tensor(out, in), bias);
    }
    Tensor weight = arena.tensor(DType.FP8_E4M3, out, in);
    return new Linear(weight, bias, arena.tensor(DType.FP32, out));
  }
}
