package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.ops.cuda.HopperBf16AttentionKernel.Tiles;
import org.junit.jupiter.api.Test;

class HopperBf16AttentionKernelTest {
  @Test
  void sharedMemoryIsWhatTheSourceSays() {
    assertThat(Tiles.LONG.sharedBytes()).isEqualTo(214_016);
    assertThat(Tiles.SHORT.sharedBytes()).isEqualTo(230_400);
  }

  @Test
  void takesTheTilesThatARunFillsBest() {
    assertThat(Tiles.of(16_278)).isEqualTo(Tiles.LONG); // 93 of 176, not 128 of 128
    assertThat(Tiles.of(512)).isEqualTo(Tiles.SHORT);
    assertThat(Tiles.of(1)).isEqualTo(Tiles.SHORT);
  }
}
