package dev.longtake.runtime.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class HostTensorTest {
  private final HostTensor tensor = counting(4, 3, 2);

  @Test
  void slicesAndReshapesAreViews() {
    HostTensor slice = tensor.slice(1, 2);
    assertThat(slice.shape()).isEqualTo(Shape.of(2, 3, 2));
    assertThat(slice.values().get(0)).isEqualTo(6);
    HostTensor inner = slice.reshape(4, 3).slice(3, 1);
    assertThat(inner.values().get(2)).isEqualTo(17);
    inner.values().put(2, -1);
    assertThat(tensor.values().get(17)).isEqualTo(-1);
  }

  @Test
  void addressesPointToTheirValues() {
    HostTensor inner = tensor.slice(1, 2).reshape(4, 3).slice(3, 1);
    assertThat(inner.address().get(0)).isEqualTo(15);
    assertThat(inner.address().address() - tensor.address().address()).isEqualTo(15 * 4);
    assertThat(inner.reshape(3).address().get(2)).isEqualTo(17);
  }

  @Test
  void slicesMayBeEmpty() {
    assertThat(tensor.slice(4, 0).shape()).isEqualTo(Shape.of(0, 3, 2));
    assertThat(tensor.slice(0, 4).shape()).isEqualTo(tensor.shape());
  }

  @Test
  void rejectsSlicesThatLeaveIt() {
    for (int[] range : new int[][] {{-1, 1}, {0, 5}, {3, 2}, {5, 0}, {1, -1}}) {
      assertThatThrownBy(() -> tensor.slice(range[0], range[1]))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void rejectsShapesOfOtherSizes() {
    assertThatThrownBy(() -> tensor.reshape(5, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[4, 3, 2] cannot be seen as [5, 5]");
  }

  @Test
  void rejectsBuffersThatDoNotFit() {
    assertThatThrownBy(() -> new HostTensor(Shape.of(5), direct(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[5] needs 5 values, but the buffer has 4");
    assertThatThrownBy(() -> new HostTensor(Shape.of(4), FloatBuffer.allocate(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("direct");
  }

  @Test
  void saysWhatItShouldHaveBeen() {
    tensor.require("x", DType.FP32, Shape.of(4, 3, 2));
    assertThatThrownBy(() -> tensor.require("x", DType.FP32, Shape.of(4, 6)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("x must be FP32 [4, 6], but was FP32 [4, 3, 2]");
    assertThatThrownBy(() -> tensor.require("x", DType.BF16, Shape.of(4, 3, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("x must be BF16 [4, 3, 2], but was FP32 [4, 3, 2]");
    assertThat(tensor.bytes()).isEqualTo(96);
  }

  private static HostTensor counting(int... extents) {
    Shape shape = Shape.of(extents);
    FloatBuffer values = direct(Math.toIntExact(shape.elements()));
    for (int i = 0; i < values.capacity(); i++) {
      values.put(i, i);
    }
    return new HostTensor(shape, values);
  }

  private static FloatBuffer direct(int count) {
    return ByteBuffer.allocateDirect(count * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
