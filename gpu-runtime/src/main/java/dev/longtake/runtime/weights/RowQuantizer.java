package dev.longtake.runtime.weights;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Fp8E4m3;

/**
 * Brings a matrix to the device in FP8. Every row has a scale of its own, which takes its largest
 * magnitude to FP8's largest value.
 */
final class RowQuantizer {
  private RowQuantizer() {}

  /**
   * Reads, scales and rounds a matrix, some rows at a time.
   *
   * @param stored [out, in]
   * @param target its weight is FP8 [out, in] and its scale fp32 [out]
   */
  static void load(StoredTensor stored, Linear target, Ops ops, ReadAhead readAhead) {
    int rows = target.outWidth();
    int width = target.inWidth();
    float[] scales = new float[rows];
    readAhead.run(
        rows,
        width,
        (first, count, values) -> {
          stored.read((long) first * width, values, 0, count * width);
          for (int row = 0; row < count; row++) {
            scales[first + row] = scale(values, row * width, width);
          }
        },
        (first, count, values) -> ops.upload(values, 0, target.weight().slice(first, count)));
    ops.upload(scales, 0, requireNonNull(target.scale()));
  }

  /** Divides a row by the scale that is returned, 1 for a row of zeros. */
  private static float scale(float[] values, int start, int width) {
    float largest = 0;
    for (int i = start; i < start + width; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    float scale = largest == 0 ? 1 : largest / Fp8E4m3.LARGEST;
    for (int i = start; i < start + width; i++) {
      values[i] /= scale;
    }
    return scale;
  }
}
