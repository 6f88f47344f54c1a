package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HopperConvolutionKernelsTest {
  private static final int SHARED_BYTES_OF_H100 = 228 * 1024;
  private static final int RESERVED_PER_BLOCK = 1024;

  @Test
  void twoThreadBlocksFitOnAMultiprocessor() {
    int bytes = HopperConvolutionKernels.sharedBytes(3, 96);

    assertThat(bytes).isEqualTo(2 * 12_288 + 4 * 18_432 + 1024);
    assertThat(2 * (bytes + RESERVED_PER_BLOCK)).isLessThanOrEqualTo(SHARED_BYTES_OF_H100);
  }
}
