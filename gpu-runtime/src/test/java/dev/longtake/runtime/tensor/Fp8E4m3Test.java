package dev.longtake.runtime.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Fp8E4m3Test {
  @Test
  void widensAllValuesAsTheFormulaSays() {
    for (int bits = 0; bits < 1 << 8; bits++) {
      assertThat((double) Fp8E4m3.fromBits((byte) bits))
          .as("%02x", bits)
          .isEqualTo(Double.valueOf(formula(bits)));
    }
  }

  @Test
  void reaches448() {
    assertThat(Fp8E4m3.fromBits((byte) 0x7E)).isEqualTo(448f);
    assertThat(Fp8E4m3.fromBits((byte) 0xFE)).isEqualTo(-448f);
  }

  @Test
  void everyValueKeepsItsBits() {
    for (int bits = 0; bits < 0x7F; bits++) {
      assertRoundsTo(bits, Fp8E4m3.fromBits((byte) bits));
    }
    assertThat(Fp8E4m3.toBits(Float.NaN)).isEqualTo((byte) 0x7F);
  }

  // Between two neighbours: below the middle, on it, and above it, for both signs.
  @Test
  void roundsToTheNearestAndFromTheMiddleToTheEven() {
    for (int bits = 0; bits < 0x7E; bits++) {
      float low = Fp8E4m3.fromBits((byte) bits);
      float high = Fp8E4m3.fromBits((byte) (bits + 1));
      float middle = (low + high) / 2; // exact: fp32 has the bits to spare
      int even = bits % 2 == 0 ? bits : bits + 1;
      assertRoundsTo(bits, Math.nextDown(middle));
      assertRoundsTo(even, middle);
      assertRoundsTo(bits + 1, Math.nextUp(middle));
    }
  }

  @Test
  void whatIsTooLargeBecomesTheLargest() {
    for (float value : new float[] {448, 449, 464, 480, 1e30f, Float.POSITIVE_INFINITY}) {
      assertRoundsTo(0x7E, value);
    }
  }

  private static void assertRoundsTo(int bits, float value) {
    assertThat(Fp8E4m3.toBits(value)).as("%s", value).isEqualTo((byte) bits);
    assertThat(Fp8E4m3.toBits(-value)).as("%s", -value).isEqualTo((byte) (bits | 0x80));
  }

  private static double formula(int bits) {
    int exponent = (bits >> 3) & 0xF;
    int mantissa = bits & 0x7;
    double sign = bits >> 7 == 0 ? 1 : -1;
    if (exponent == 0xF && mantissa == 0x7) {
      return Double.NaN;
    }
    return exponent == 0
        ? sign * mantissa / 8.0 * Math.pow(2, -6)
        : sign * (1 + mantissa / 8.0) * Math.pow(2, exponent - 7);
  }
}
