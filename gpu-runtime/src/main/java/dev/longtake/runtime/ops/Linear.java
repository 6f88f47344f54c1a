package dev.longtake.runtime.ops;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The weights of y = x·Wᵀ + b.
 *
 * @param weight [out, in]
 * @param bias [out], or null for none
 * @param scale fp32 [out], or null: row i of W is {@code scale[i]} times row i of {@code weight}.
 *     There if, and only if, {@code weight} is FP8
 */
public record Linear(Tensor weight, @Nullable Tensor bias, @Nullable Tensor scale) {
  /** Checks the scale. */
  public Linear {
    checkArgument(
        (weight.dtype() == DType.FP8_E4M3) == (scale != null),
        "a weight has scales if and only if it is FP8, but this one is %s",
        weight.dtype());
    if (scale != null) {
      scale.require("scale", DType.FP32, Shape.of(weight.shape().extent(0)));
    }
  }

  /** Creates weights that are not quantised. */
  public Linear(Tensor weight, @Nullable Tensor bias) {
    this(weight, bias, null);
  }

  /** Returns the width of the results. */
  public int outWidth() {
    return weight.shape().extent(0);
  }

  /** Returns the width of the inputs. */
  public int inWidth() {
    return weight.shape().extent(1);
  }

  /** Returns the part that computes the outputs [{@code first}, {@code first + count}). */
  public Linear outputs(int first, int count) {
    return new Linear(
        weight.slice(first, count), slice(bias, first, count), slice(scale, first, count));
  }

  private static @Nullable Tensor slice(@Nullable Tensor tensor, int first, int count) {
    return tensor == null ? null : tensor.slice(first, count);
  }
}
