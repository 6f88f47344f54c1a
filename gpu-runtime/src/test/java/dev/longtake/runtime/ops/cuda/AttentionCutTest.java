package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AttentionCutTest {
  @Test
  void cutsTheLastRoundsItems() {
    // 27 blocks of queries, 40 heads: eight rounds, and 24 items of which five parts fit in one.
    assertThat(AttentionCut.of(1080, 128, 132)).isEqualTo(new AttentionCut(1056, 5));
    assertThat(AttentionCut.of(1080, 128, 132).blocks(1080)).isEqualTo(1056 + 24 * 5);
    assertThat(AttentionCut.of(3, 128, 132))
        .isEqualTo(new AttentionCut(0, 32)); // not 44, which would be too short
  }

  @Test
  void cutsNothingThatFillsTheGpuOrIsShort() {
    assertThat(AttentionCut.of(264, 128, 132)).isEqualTo(new AttentionCut(264, 1));
    assertThat(AttentionCut.of(200, 128, 132)).isEqualTo(new AttentionCut(200, 1));
    assertThat(AttentionCut.of(20, 7, 132)).isEqualTo(new AttentionCut(20, 1));
  }

  @Test
  void partsNeverExceedTheirMemory() {
    for (int multiprocessors : new int[] {78, 114, 132, 144}) {
      for (int items = 1; items < 500; items++) {
        AttentionCut cut = AttentionCut.of(items, 1000, multiprocessors);
        assertThat((items - cut.whole()) * cut.parts()).isLessThanOrEqualTo(AttentionCut.MAX_PARTS);
      }
    }
  }
}
