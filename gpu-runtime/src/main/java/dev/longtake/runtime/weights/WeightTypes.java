package dev.longtake.runtime.weights;

import dev.longtake.runtime.tensor.DType;
import java.util.function.Predicate;

/**
 * The types that a model's parameters are kept in on the device.
 *
 * @param parameters of everything but the matrices that are quantised
 * @param quantised says, by its name without {@code .weight}, whether a linear layer's matrix is
 *     kept in FP8, with a scale for each row
 */
public record WeightTypes(DType parameters, Predicate<String> quantised) {
  /** Keeps everything in one type. */
  public static WeightTypes all(DType dtype) {
    return new WeightTypes(dtype, name -> false);
  }
}
