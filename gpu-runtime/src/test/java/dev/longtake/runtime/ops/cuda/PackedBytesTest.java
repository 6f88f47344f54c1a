package dev.longtake.runtime.ops.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.ops.cuda.PackedBytes.Layout;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class PackedBytesTest {
  private static final int HEADS = 3;
  private static final int WIDTH = 128;

  @Test
  void everyByteBelongsToOneNumberOfItsGroupAndHead() {
    everyByteBelongsToOneNumber(PackedBytes::ofKey);
    everyByteBelongsToOneNumber(PackedBytes::ofValue);
  }

  private static void everyByteBelongsToOneNumber(Layout layout) {
    int tokens = 48;
    BitSet taken = new BitSet();
    for (int token = 0; token < tokens; token++) {
      for (int head = 0; head < HEADS; head++) {
        for (int channel = 0; channel < WIDTH; channel++) {
          int at = layout.at(token, head, channel, HEADS, WIDTH);
          assertThat(at / (16 * WIDTH)).isEqualTo(token / 16 * HEADS + head);
          taken.set(at);
        }
      }
    }
    assertThat(taken.cardinality()).isEqualTo(tokens * HEADS * WIDTH);
    assertThat(taken.length()).isEqualTo(tokens * HEADS * WIDTH);
  }

  // A core matrix of the tensor cores is 8 rows of 16 bytes that follow one another.
  @Test
  void keysLieInMatricesOfEightTokensBySixteenChannels() {
    int start = PackedBytes.ofKey(24, 1, 32, HEADS, WIDTH);
    for (int row = 0; row < 8; row++) {
      for (int i = 0; i < 16; i++) {
        assertThat(PackedBytes.ofKey(24 + row, 1, 32 + i, HEADS, WIDTH))
            .isEqualTo(start + row * 16 + i);
      }
    }
  }

  // Of each 8 keys, a lane of a warp has scores 2t and 2t + 1; as a factor of the next product it
  // must have four that follow one another.
  @Test
  void aLanesProbabilitiesMeetValuesThatFollowOneAnother() {
    int start = PackedBytes.ofValue(16, 2, 5, HEADS, WIDTH);
    for (int lane = 0; lane < 4; lane++) {
      int[] tokens = {2 * lane, 2 * lane + 1, 8 + 2 * lane, 8 + 2 * lane + 1};
      for (int i = 0; i < 4; i++) {
        assertThat(PackedBytes.ofValue(16 + tokens[i], 2, 5, HEADS, WIDTH))
            .isEqualTo(start + 4 * lane + i);
      }
    }
  }
}
