package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HopperFp8AttentionKernelTest {
  @Test
  void sharedMemoryIsWhatTheSourceSays() {
    assertThat(HopperFp8AttentionKernel.sharedBytes()).isEqualTo(147_456);
  }
}
