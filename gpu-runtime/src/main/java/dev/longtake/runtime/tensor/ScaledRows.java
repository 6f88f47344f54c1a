package dev.longtake.runtime.tensor;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * FP8 numbers of which every row has a scale: what matrix products in FP8 read. Row r stands for
 * {@code scale[r]} times row r of {@code values}.
 *
 * @param values FP8 [rows, width]
 * @param scale fp32 [rows]
 */
public record ScaledRows(Tensor values, Tensor scale) implements Tensor {
  /** Checks that every row has a scale. */
  public ScaledRows {
    checkArgument(
        values.dtype() == DType.FP8_E4M3 && values.shape().rank() == 2,
        "values must be FP8_E4M3 [rows, width], but were %s %s",
        values.dtype(),
        values.shape());
    scale.require("scale", DType.FP32, Shape.of(values.shape().extent(0)));
  }

  @Override
  public DType dtype() {
    return values.dtype();
  }

  @Override
  public Shape shape() {
    return values.shape();
  }

  /** Refuses: the scales belong to these rows. */
  @Override
  public Tensor reshape(int... extents) {
    throw new IllegalArgumentException(
        "rows with scales cannot be seen as " + Shape.of(extents) + ", they are " + shape());
  }

  @Override
  public ScaledRows slice(int first, int count) {
    return new ScaledRows(values.slice(first, count), scale.slice(first, count));
  }
}
