package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChannelNormKernelTest {
  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "32, 1",
    "33, 2",
    "65, 4",
    "96, 4",
    "192, 8",
    "384, 16",
    "1024, 32",
    "2048, 32"
  })
  void lanesCoverARowUpToAWarp(int width, int lanes) {
    assertThat(ChannelNormKernel.lanes(width)).isEqualTo(lanes);
  }
}
