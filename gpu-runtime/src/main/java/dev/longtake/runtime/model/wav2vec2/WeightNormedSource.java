package dev.longtake.runtime.model.wav2vec2;

import com.google.common.collect.Sets;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.TensorSource;
import java.util.Objects;
import java.util.Set;

/**
 * Another source, in which one weight that is stored as a direction v and a length g per tap looks
 * like any other: w = g·v/‖v‖, the norm over all of v that belongs to a tap.
 */
final class WeightNormedSource implements TensorSource {
  private final TensorSource source;
  private final Set<String> stored;
  private final StoredTensor fused;

  private WeightNormedSource(TensorSource source, Set<String> stored, StoredTensor fused) {
    this.source = source;
    this.stored = stored;
    this.fused = fused;
  }

  /**
   * Returns {@code source} with {@code prefix.weight} in place of its two parts, which PyTorch has
   * spelled in two ways; or {@code source} itself if it has neither spelling.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if one part is missing or the shapes do not agree
   */
  static TensorSource over(TensorSource source, String prefix) {
    String lengthName = prefix + ".weight_g";
    String directionName = prefix + ".weight_v";
    if (!source.names().contains(directionName)) {
      lengthName = prefix + ".parametrizations.weight.original0";
      directionName = prefix + ".parametrizations.weight.original1";
    }
    if (!source.names().contains(directionName)) {
      return source;
    }
    StoredTensor fused =
        fuse(prefix + ".weight", source.tensor(lengthName), source.tensor(directionName));
    return new WeightNormedSource(source, Set.of(lengthName, directionName), fused);
  }

  @Override
  public Set<String> names() {
    return Sets.union(Sets.difference(source.names(), stored), Set.of(fused.name()));
  }

  @Override
  public StoredTensor tensor(String name) {
    return name.equals(fused.name()) ? fused : source.tensor(name);
  }

  @Override
  public String description() {
    return source.description();
  }

  @Override
  public void close() {
    source.close();
  }

  private static StoredTensor fuse(String name, StoredTensor length, StoredTensor direction) {
    Shape shape = direction.shape();
    int taps = shape.rank() == 3 ? shape.extent(2) : 0;
    if (taps == 0 || !length.shape().equals(Shape.of(1, 1, taps))) {
      throw new LongtakeException(
          ErrorCode.INVALID_CHECKPOINT,
          "%s must be [out, in, taps] and %s [1, 1, taps], but %s has %s and %s. Use the wav2vec2 "
                  .formatted(
                      direction.name(), length.name(), direction.file(), shape, length.shape())
              + "weights as they were published.");
    }
    float[] values = read(direction);
    scaleTaps(values, read(length));
    return new Computed(name, direction, values);
  }

  /** Gives every tap its length; sums are fp64. */
  private static void scaleTaps(float[] values, float[] lengths) {
    int taps = lengths.length;
    double[] squares = new double[taps];
    for (int i = 0; i < values.length; i++) {
      squares[i % taps] += (double) values[i] * values[i];
    }
    for (int i = 0; i < values.length; i++) {
      int tap = i % taps;
      values[i] = (float) (lengths[tap] * (values[i] / Math.sqrt(squares[tap])));
    }
  }

  private static float[] read(StoredTensor tensor) {
    int count = Math.toIntExact(tensor.shape().elements());
    float[] values = new float[count];
    tensor.read(0, values, 0, count);
    return values;
  }

  /** A tensor in memory that passes for one in the file that it was computed from. */
  private static final class Computed implements StoredTensor {
    private final String name;
    private final StoredTensor origin;
    private final float[] values;

    Computed(String name, StoredTensor origin, float[] values) {
      this.name = name;
      this.origin = origin;
      this.values = values;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String file() {
      return origin.file();
    }

    @Override
    public DType dtype() {
      return DType.FP32;
    }

    @Override
    public Shape shape() {
      return origin.shape();
    }

    @Override
    public void read(long firstElement, float[] out, int outOffset, int count) {
      Objects.checkFromIndexSize(firstElement, count, values.length);
      System.arraycopy(values, Math.toIntExact(firstElement), out, outOffset, count);
    }
  }
}
