package dev.longtake.runtime.ops;

import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The weights of y = x·Wᵀ + b.
 *
 * @param weight [out, in]
 * @param bias [out], or null for none
 */
public record Linear(Tensor weight, @Nullable Tensor bias) {
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
    return new Linear(weight.slice(first, count), bias == null ? null : bias.slice(first, count));
  }
}
