package dev.longtake.runtime.weights;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.Tensor;

/**
 * Brings a model's parameters to the device, one by one, in the layout that {@code Ops} wants.
 *
 * <p>Every method takes what the model expects and throws {@link LongtakeException}
 * INVALID_CHECKPOINT, naming file, tensor, expected and found, if the checkpoint has something
 * else. The tensors live in the arena that the reader was made for.
 */
public interface WeightReader {
  /** Reads one tensor of exactly this shape. */
  Tensor tensor(String name, int... shape);

  /** Reads {@code prefix.weight} [out, in] and {@code prefix.bias} [out]. */
  Linear linear(String prefix, int out, int in);

  /** Reads {@code prefix.weight} [out, in] alone. */
  Linear linearWithoutBias(String prefix, int out, int in);

  /**
   * Reads {@code prefix.weight} [outChannels, inChannels/groups, kernel…] and {@code prefix.bias},
   * and reorders the weights to channels-last.
   *
   * <p>A kernel's extents of 1 may be absent from the stored shape, outermost first for time, as
   * for a Conv2d, or innermost for space, as for a Conv1d.
   */
  Conv conv(String prefix, ConvShape shape);
}
