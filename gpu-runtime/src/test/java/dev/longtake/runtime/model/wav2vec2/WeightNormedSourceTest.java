package dev.longtake.runtime.model.wav2vec2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.TensorSource;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightNormedSourceTest {
  private static final Shape DIRECTION = Shape.of(1, 2, 2);
  private static final Shape LENGTH = Shape.of(1, 1, 2);

  @ParameterizedTest
  @CsvSource({
    "p.weight_g, p.weight_v",
    "p.parametrizations.weight.original0, p.parametrizations.weight.original1"
  })
  void givesEveryTapItsLength(String length, String direction) {
    TensorSource source =
        WeightNormedSource.over(
            new MapSource(
                Map.of(
                    length,
                    new Values(length, LENGTH, 10, -2),
                    direction,
                    new Values(direction, DIRECTION, 3, 0, 4, 5),
                    "p.bias",
                    new Values("p.bias", Shape.of(1), 7))),
            "p");

    assertThat(source.names()).containsExactlyInAnyOrder("p.weight", "p.bias");
    assertThat(source.tensor("p.bias").name()).isEqualTo("p.bias");
    StoredTensor weight = source.tensor("p.weight");
    assertThat(weight.shape()).isEqualTo(DIRECTION);
    float[] values = new float[3];
    weight.read(1, values, 0, 3);
    // Tap 0 is (3, 4)·10/5, tap 1 is (0, 5)·−2/5; one rounding to fp32.
    assertThat(values).containsExactly(new float[] {0, 8, -2}, offset(1e-6f));
    assertThatThrownBy(() -> weight.read(2, values, 0, 3))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void leavesASourceWithoutPartsAlone() {
    TensorSource plain =
        new MapSource(Map.of("p.weight", new Values("p.weight", DIRECTION, 1, 2, 3, 4)));
    assertThat(WeightNormedSource.over(plain, "p")).isSameAs(plain);
  }

  @Test
  void refusesLengthsOfAnotherDimension() {
    TensorSource source =
        new MapSource(
            Map.of(
                "p.weight_g", new Values("p.weight_g", Shape.of(1, 2, 1), 1, 2),
                "p.weight_v", new Values("p.weight_v", DIRECTION, 1, 2, 3, 4)));
    assertThatThrownBy(() -> WeightNormedSource.over(source, "p"))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("p.weight_g [1, 1, taps]")
        .hasMessageContaining("[1, 2, 1]");
  }

  private record MapSource(Map<String, StoredTensor> tensors) implements TensorSource {
    @Override
    public Set<String> names() {
      return tensors.keySet();
    }

    @Override
    public StoredTensor tensor(String name) {
      return tensors.get(name);
    }

    @Override
    public String description() {
      return "test";
    }

    @Override
    public void close() {}
  }

  private static final class Values implements StoredTensor {
    private final String name;
    private final Shape shape;
    private final float[] values;

    Values(String name, Shape shape, float... values) {
      this.name = name;
      this.shape = shape;
      this.values = values;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String file() {
      return "test";
    }

    @Override
    public DType dtype() {
      return DType.FP32;
    }

    @Override
    public Shape shape() {
      return shape;
    }

    @Override
    public void read(long firstElement, float[] out, int outOffset, int count) {
      System.arraycopy(values, (int) firstElement, out, outOffset, count);
    }
  }
}
