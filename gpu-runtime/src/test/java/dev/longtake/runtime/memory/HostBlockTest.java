package dev.longtake.runtime.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import org.junit.jupiter.api.Test;

class HostBlockTest {
  private static final Shape FOUR = Shape.of(4);

  @Test
  void startsAligned() {
    for (int capacityBytes : new int[] {0, 1, 100, 4096, 1 << 20}) {
      try (HostBlock block = HostBlock.reserve(capacityBytes)) {
        assertThat(block.capacityBytes()).isEqualTo(capacityBytes);
        if (capacityBytes >= 16) {
          assertThat(address(block.tensor(0, DType.FP32, FOUR)) % Arena.ALIGNMENT_BYTES).isZero();
        }
      }
    }
  }

  @Test
  void keepsValuesWhereTheyWereWritten() {
    try (HostBlock block = HostBlock.reserve(64)) {
      HostTensor tensor = host(block.tensor(16, DType.FP32, FOUR));
      tensor.values().put(0, new float[] {1, 2, 3, 4});
      assertThat(host(block.tensor(24, DType.FP32, Shape.of(2))).values().get(1)).isEqualTo(4);
      assertThat(address(tensor) - address(block.tensor(0, DType.FP32, FOUR))).isEqualTo(16);
    }
  }

  @Test
  void refusesTensorsThatLeaveIt() {
    try (HostBlock block = HostBlock.reserve(64)) {
      block.tensor(48, DType.FP32, FOUR);
      for (long offsetBytes : new long[] {-4, 52, 64, Long.MAX_VALUE}) {
        assertThatThrownBy(() -> block.tensor(offsetBytes, DType.FP32, FOUR))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      Shape overflowing = Shape.of(1 << 30, 1 << 30, 1 << 2);
      assertThatThrownBy(() -> block.tensor(0, DType.FP32, overflowing))
          .isInstanceOfAny(IndexOutOfBoundsException.class, ArithmeticException.class);
    }
  }

  @Test
  void partsAreBoundedAndSeeTheSameMemory() {
    try (HostBlock block = HostBlock.reserve(64)) {
      Block part = block.part(16, 32);
      assertThat(part.capacityBytes()).isEqualTo(32);
      host(part.tensor(16, DType.FP32, FOUR)).values().put(3, 7f);
      assertThat(host(block.tensor(32, DType.FP32, FOUR)).values().get(3)).isEqualTo(7f);
      assertThatThrownBy(() -> part.tensor(20, DType.FP32, FOUR))
          .isInstanceOf(IndexOutOfBoundsException.class);

      Block inner = part.part(8, 24);
      host(inner.tensor(8, DType.FP32, FOUR)).values().put(0, 9f);
      assertThat(host(part.tensor(16, DType.FP32, FOUR)).values().get(0)).isEqualTo(9f);
      assertThatThrownBy(() -> part.part(8, 25)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> part.part(-1, 4)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> block.part(0, 65)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void reachesBeyondTwoGibibytes() {
    long capacityBytes = (5L << 30) + 48;
    try (HostBlock block = HostBlock.reserve(capacityBytes)) {
      HostTensor last = host(block.tensor(capacityBytes - 16, DType.FP32, FOUR));
      last.values().put(0, new float[] {1, 2, 3, 4});
      HostTensor first = host(block.tensor(0, DType.FP32, FOUR));
      first.values().put(0, new float[] {5, 6, 7, 8});
      assertThat(address(last) - address(first)).isEqualTo(capacityBytes - 16);
      Block part = block.part(5L << 30, 48);
      assertThat(host(part.tensor(32, DType.FP32, FOUR)).values().get(3)).isEqualTo(4f);
      assertThatThrownBy(() -> block.tensor(capacityBytes - 12, DType.FP32, FOUR))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void refusesTensorsThatABufferCannotHold() {
    try (HostBlock block = HostBlock.reserve(3L << 30)) {
      int most = Integer.MAX_VALUE / Float.BYTES;
      assertThat(block.tensor(0, DType.FP32, Shape.of(most)).bytes())
          .isEqualTo((long) most * Float.BYTES);
      assertThatThrownBy(() -> block.tensor(0, DType.FP32, Shape.of(1 << 29)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("[536870912] exceeds 2 GiB");
    }
  }

  @Test
  void refusesTypesThatTheHostDoesNotComputeIn() {
    try (HostBlock block = HostBlock.reserve(64)) {
      assertThatThrownBy(() -> block.tensor(0, DType.BF16, FOUR))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("FP32 only, not in BF16");
    }
  }

  @Test
  void saysWhatTheHostRefused() {
    long tooMuch = 1L << 60;
    assertThatThrownBy(() -> HostBlock.reserve(tooMuch))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_HOST_MEMORY))
        .hasMessageContaining("refused " + tooMuch + " bytes");
    assertThatThrownBy(() -> HostBlock.reserve(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
  }

  private static HostTensor host(Tensor tensor) {
    return HostTensor.of(tensor);
  }

  private static long address(Tensor tensor) {
    return HostTensor.of(tensor).address().address();
  }
}
