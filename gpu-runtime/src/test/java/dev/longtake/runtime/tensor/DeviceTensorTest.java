package dev.longtake.runtime.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.longtake.runtime.cuda.DeviceMemory;
import org.junit.jupiter.api.Test;

class DeviceTensorTest {
  private static final DeviceTensor KEYS =
      new DeviceTensor(DType.BF16, Shape.of(6, 2, 8), new DeviceMemory(4096, 6 * 2 * 8 * 2));

  @Test
  void slicesByWholeRows() {
    DeviceTensor slice = KEYS.slice(2, 3);

    assertThat(slice.shape()).isEqualTo(Shape.of(3, 2, 8));
    assertThat(slice.address()).isEqualTo(4096 + 2 * 32);
    assertThat(slice.memory().bytes()).isEqualTo(3 * 32);
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> KEYS.slice(5, 2));
  }

  @Test
  void reshapesWithoutMoving() {
    DeviceTensor flat = KEYS.reshape(6, 16);

    assertThat(flat.memory()).isEqualTo(KEYS.memory());
    assertThatIllegalArgumentException().isThrownBy(() -> KEYS.reshape(6, 15));
  }

  @Test
  void knowsWhatContinuesIt() {
    DeviceTensor first = KEYS.slice(0, 2);

    assertThat(first.isFollowedBy(KEYS.slice(2, 4))).isTrue();
    assertThat(first.isFollowedBy(KEYS.slice(3, 3))).isFalse();
    assertThat(first.isFollowedBy(KEYS.slice(2, 4).reshape(4, 16))).isFalse();
  }

  @Test
  void needsMemoryOfItsSize() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DeviceTensor(DType.FP32, Shape.of(2), new DeviceMemory(0, 4)))
        .withMessageContaining("needs 8 bytes");
  }
}
