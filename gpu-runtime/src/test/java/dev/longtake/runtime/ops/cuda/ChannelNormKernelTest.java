package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChannelNormKernelTest {
  @ParameterizedTest
  @CsvSource({"1, 1", "8, 1", "9, 2", "16, 2", "17, 4", "96, 16", "128, 16", "192, 32", "1024, 32"})
  void lanesCoverARowUpToAWarp(int width, int lanes) {
    assertThat(ChannelNormKernel.lanes(width)).isEqualTo(lanes);
  }
}
