package dev.longtake.runtime.weights;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;

/**
 * What an adapter adds to one linear layer: scale·B·A.
 *
 * @param a [rank, in]
 * @param b [out, rank]
 * @param scale alpha divided by the rank
 */
public record LoraPair(StoredTensor a, StoredTensor b, float scale) {
  /**
   * Creates the pair for a base weight.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if the three shapes do not go together, or the
   *     base weight has a type that nothing can be added to
   */
  static LoraPair of(StoredTensor base, StoredTensor a, StoredTensor b, double alpha) {
    Shape shape = base.shape();
    if (shape.rank() != 2) {
      throw CheckpointFault.of(
          ("%s of %s adapts %s of %s, which must be a matrix [out, in], but is %s. Is "
                  + "the adapter made for this model?")
              .formatted(a.name(), a.file(), base.name(), base.file(), shape));
    }
    if (a.shape().rank() != 2 || a.shape().extent(0) < 1) {
      throw wrongShape(a, "[rank, %d]".formatted(shape.extent(1)), base);
    }
    int rank = a.shape().extent(0);
    requireShape(a, Shape.of(rank, shape.extent(1)), base);
    requireShape(b, Shape.of(shape.extent(0), rank), base);
    requireFloatingPoint(base);
    requireFloatingPoint(a);
    requireFloatingPoint(b);
    return new LoraPair(a, b, (float) (alpha / rank));
  }

  /** Returns how many columns B has. */
  public int rank() {
    return a.shape().extent(0);
  }

  private static void requireShape(StoredTensor part, Shape expected, StoredTensor base) {
    if (!part.shape().equals(expected)) {
      throw wrongShape(part, expected.toString(), base);
    }
  }

  private static LongtakeException wrongShape(
      StoredTensor part, String expected, StoredTensor base) {
    return CheckpointFault.of(
        ("Tensor %s of %s must be %s to go with its other half and with %s %s of %s, "
                + "but is %s. Is the adapter made for this model?")
            .formatted(
                part.name(),
                part.file(),
                expected,
                base.name(),
                base.shape(),
                base.file(),
                part.shape()));
  }

  private static void requireFloatingPoint(StoredTensor tensor) {
    DType dtype = tensor.dtype();
    if (dtype != DType.FP32 && dtype != DType.BF16 && dtype != DType.FP16) {
      throw CheckpointFault.of(
          ("Tensor %s of %s must be FP32, BF16 or FP16 to merge an adapter, but is "
                  + "%s. Take the checkpoint in one of these types.")
              .formatted(tensor.name(), tensor.file(), dtype));
    }
  }
}
