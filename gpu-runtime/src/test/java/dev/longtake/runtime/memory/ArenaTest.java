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

class ArenaTest {
  private static final int LINE = Arena.ALIGNMENT_BYTES;

  @Test
  void alignsEveryTensor() {
    try (HostBlock block = HostBlock.reserve(20L * LINE)) {
      Arena arena = new Arena("test", block);
      for (int count : new int[] {1, 64, 65, 3, 0, 128}) {
        Tensor tensor = arena.tensor(DType.FP32, count, 1);
        assertThat(tensor.shape()).isEqualTo(Shape.of(count, 1));
        if (count > 0) {
          assertThat(HostTensor.of(tensor).address().address() % LINE).isZero();
        }
      }
      assertThat(arena.peakBytes()).isEqualTo((1 + 1 + 2 + 1 + 0 + 2) * LINE);
    }
  }

  @Test
  void givesBackWhatAScopeTook() {
    Arena arena = new Arena("test", new PlannedBlock());
    arena.tensor(DType.FP32, 64);
    try (Arena.Scope outer = arena.scope()) {
      arena.tensor(DType.FP32, 128);
      try (Arena.Scope inner = arena.scope()) {
        arena.tensor(DType.FP32, 64);
      }
      arena.tensor(DType.FP32, 64);
      assertThat(arena.peakBytes()).isEqualTo(4 * LINE);
    }
    arena.tensor(DType.FP32, 3 * 64);
    assertThat(arena.peakBytes()).isEqualTo(4 * LINE);
    arena.tensor(DType.FP32, 1);
    assertThat(arena.peakBytes()).isEqualTo(5 * LINE);
  }

  @Test
  void reusesTheMemoryOfAClosedScope() {
    try (HostBlock block = HostBlock.reserve(2L * LINE)) {
      Arena arena = new Arena("test", block);
      long address;
      try (Arena.Scope scope = arena.scope()) {
        address = HostTensor.of(arena.tensor(DType.FP32, 128)).address().address();
      }
      assertThat(HostTensor.of(arena.tensor(DType.FP32, 128)).address().address())
          .isEqualTo(address);
    }
  }

  @Test
  void givesBackWhatAFailingScopeTook() {
    Arena arena = new Arena("test", new PlannedBlock());
    assertThatThrownBy(
            () -> {
              try (Arena.Scope scope = arena.scope()) {
                arena.tensor(DType.FP32, 64);
                throw new IllegalStateException("fails");
              }
            })
        .hasMessage("fails");
    arena.tensor(DType.FP32, 64);
    assertThat(arena.peakBytes()).isEqualTo(LINE);
  }

  @Test
  void saysWhichArenaIsUsedUpAndByWhat() {
    try (HostBlock block = HostBlock.reserve(4L * LINE)) {
      Arena arena = new Arena("workspace", block);
      arena.tensor(DType.FP32, 64);
      assertThatThrownBy(() -> arena.tensor(DType.FP32, 7, 30))
          .isInstanceOfSatisfying(
              LongtakeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ENGINE_FAULT))
          .hasMessageContainingAll(
              "workspace arena", "768 of 1024 bytes left", "FP32 [7, 30] needs 840");
      // The failure took nothing.
      arena.tensor(DType.FP32, 3 * 64);
      assertThat(arena.peakBytes()).isEqualTo(4 * LINE);
    }
  }

  @Test
  void isFullToTheLastByte() {
    try (HostBlock block = HostBlock.reserve(2L * LINE)) {
      Arena arena = new Arena("test", block);
      arena.tensor(DType.FP32, 128);
      assertThatThrownBy(() -> arena.tensor(DType.FP32, 1)).isInstanceOf(LongtakeException.class);
    }
  }

  @Test
  void countsTheBytesOfEachType() {
    Arena arena = new Arena("test", new PlannedBlock());
    arena.tensor(DType.BF16, 128);
    assertThat(arena.peakBytes()).isEqualTo(LINE);
    arena.tensor(DType.FP8_E4M3, 257);
    assertThat(arena.peakBytes()).isEqualTo(3 * LINE);
  }

  @Test
  void plansTensorsBeyondTheHostsLimit() {
    Arena arena = new Arena("test", new PlannedBlock());
    Tensor large = arena.tensor(DType.FP32, 40, 15_312, 40, 128);
    assertThat(large.bytes()).isEqualTo(40L * 15_312 * 40 * 128 * 4);
    assertThat(arena.peakBytes()).isEqualTo(large.bytes());
    assertThat(large.slice(39, 1).reshape(15_312, 5120).shape()).isEqualTo(Shape.of(15_312, 5120));
    assertThatThrownBy(() -> large.slice(39, 2)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> large.reshape(15_312, 5120))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[40, 15312, 40, 128] cannot be seen as [15312, 5120]");
  }
}
