package dev.longtake.runtime.weights;

import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * A tensor that is in no file: normally distributed numbers, the same for the same range.
 *
 * @param name what a model calls it
 */
public record RandomTensor(String name, Shape shape) implements StoredTensor {
  @Override
  public String file() {
    return "random numbers";
  }

  @Override
  public DType dtype() {
    return DType.FP32;
  }

  @Override
  public void read(long firstElement, float[] out, int outOffset, int count) {
    Objects.checkFromIndexSize(firstElement, count, shape.elements());
    Objects.checkFromIndexSize(outOffset, count, out.length);
    SplittableRandom random = new SplittableRandom(firstElement);
    for (int i = 0; i < count; i++) {
      out[outOffset + i] = (float) random.nextGaussian();
    }
  }
}
