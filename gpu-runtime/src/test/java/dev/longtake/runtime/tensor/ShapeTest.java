package dev.longtake.runtime.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void countsElementsAndRows() {
    assertThat(Shape.of(2, 3, 4).elements()).isEqualTo(24);
    assertThat(Shape.of(2, 3, 4).rows()).isEqualTo(6);
    assertThat(Shape.of(5).rows()).isEqualTo(1);
    assertThat(Shape.of().elements()).isEqualTo(1);
    assertThat(Shape.of().rows()).isEqualTo(1);
    assertThat(Shape.of(2, 0, 4).elements()).isZero();
    assertThat(Shape.of(3, 0).rows()).isEqualTo(3);
  }

  @Test
  void countsBeyondTheRangeOfInt() {
    assertThat(Shape.of(1 << 20, 1 << 20).elements()).isEqualTo(1L << 40);
    assertThatThrownBy(() -> Shape.of(1 << 20, 1 << 20, 2).rows())
        .isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> Shape.of(1 << 30, 1 << 30, 1 << 30).elements())
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void countsNegativeDimensionsFromTheInnermost() {
    Shape shape = Shape.of(2, 3, 4);
    assertThat(shape.rank()).isEqualTo(3);
    assertThat(shape.extent(0)).isEqualTo(2);
    assertThat(shape.extent(-1)).isEqualTo(4);
    assertThat(shape.extent(-3)).isEqualTo(2);
    assertThatThrownBy(() -> shape.extent(3)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> shape.extent(-4)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void rejectsNegativeExtents() {
    assertThatThrownBy(() -> Shape.of(2, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[2, -1]");
    Shape shape = Shape.of(2, 3);
    assertThatThrownBy(() -> shape.withOutermost(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void isUnchangedByArraysOfItsExtents() {
    int[] extents = {2, 3};
    Shape shape = Shape.of(extents);
    extents[0] = 9;
    shape.toArray()[1] = 9;
    assertThat(shape).isEqualTo(Shape.of(2, 3));
    assertThat(shape.withOutermost(7)).isEqualTo(Shape.of(7, 3));
    assertThat(shape).isEqualTo(Shape.of(2, 3));
  }

  @Test
  void equalsShapesOfEqualExtentsOnly() {
    assertThat(Shape.of(2, 3)).hasSameHashCodeAs(Shape.of(2, 3)).hasToString("[2, 3]");
    assertThat(Shape.of(2, 3)).isNotEqualTo(Shape.of(3, 2)).isNotEqualTo(Shape.of(2, 3, 1));
    assertThat(Shape.of()).isEqualTo(Shape.of()).hasToString("[]");
  }
}
