package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.ops.cuda.HopperFp8AttentionKernel.Cut;
import org.junit.jupiter.api.Test;

class HopperFp8AttentionKernelTest {
  @Test
  void sharedMemoryIsWhatTheSourceSays() {
    assertThat(HopperFp8AttentionKernel.sharedBytes()).isEqualTo(147_456);
  }

  @Test
  void cutsTheLastRoundsItems() {
    // 27 blocks of queries, 40 heads: eight rounds, and 24 items of which five parts fit in one.
    assertThat(Cut.of(1080, 128, 132)).isEqualTo(new Cut(1056, 5));
    assertThat(Cut.of(1080, 128, 132).blocks(1080)).isEqualTo(1056 + 24 * 5);
    assertThat(Cut.of(3, 128, 132)).isEqualTo(new Cut(0, 32)); // not 44, which would be too short
  }

  @Test
  void cutsNothingThatFillsTheGpuOrIsShort() {
    assertThat(Cut.of(264, 128, 132)).isEqualTo(new Cut(264, 1));
    assertThat(Cut.of(200, 128, 132)).isEqualTo(new Cut(200, 1));
    assertThat(Cut.of(20, 7, 132)).isEqualTo(new Cut(20, 1));
  }

  @Test
  void partsNeverExceedTheirMemory() {
    for (int multiprocessors : new int[] {78, 114, 132, 144}) {
      for (int items = 1; items < 500; items++) {
        Cut cut = Cut.of(items, 1000, multiprocessors);
        assertThat((items - cut.whole()) * cut.parts()).isLessThanOrEqualTo(Cut.MAX_PARTS);
      }
    }
  }
}
