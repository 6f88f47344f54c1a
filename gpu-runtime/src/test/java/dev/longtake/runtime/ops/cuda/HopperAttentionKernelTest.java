package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HopperAttentionKernelTest {
  @Test
  void sharedMemoryIsWhatTheSourceSays() {
    assertThat(HopperAttentionKernel.sharedBytes()).isEqualTo(148_480);
  }
}
