package dev.longtake.runtime.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The known answers that the authors of Philox publish for philox4x32 with 10 rounds. */
class PhiloxTest {
  @Test
  void answersZeros() {
    assertThat(philox(0, 0, 0, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
  }

  @Test
  void answersOnes() {
    assertThat(philox(-1, -1, -1, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
  }

  @Test
  void answersTheDigitsOfPi() {
    long key = 0x299f31d0L << 32 | 0xa4093822L;
    assertThat(philox(key, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  private static int[] philox(long key, int... counter) {
    Philox.generate(key, counter);
    return counter;
  }
}
