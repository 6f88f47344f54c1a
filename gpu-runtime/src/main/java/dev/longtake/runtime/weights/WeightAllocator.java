package dev.longtake.runtime.weights;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;

/**
 * Takes memory for parameters, in one order and type, so that reading a model uses exactly what
 * planning it measured.
 *
 * @param arena owns the parameters
 * @param dtype the type they are kept in
 */
record WeightAllocator(Arena arena, DType dtype) {
  Tensor tensor(int... shape) {
    return arena.tensor(dtype, shape);
  }

  Linear linear(int out, int in) {
    return new Linear(tensor(out, in), tensor(out));
  }

  Linear linearWithoutBias(int out, int in) {
    return new Linear(tensor(out, in), null);
  }

  Conv conv(ConvShape shape) {
    return new Conv(
        shape, tensor(shape.outChannels(), shape.windowSize()), tensor(shape.outChannels()));
  }
}
