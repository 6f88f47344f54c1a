package dev.longtake.runtime.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Bf16Test {
  private static final int INFINITY = 0x7F80;

  @Test
  void widensAllValuesAsTheFormulaSays() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertThat((double) Bf16.fromBits((short) bits))
          .as("%04x", bits)
          .isEqualTo(Double.valueOf(formula(bits)));
    }
  }

  @Test
  void keepsAllValues() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      if ((bits & 0x7FFF) <= INFINITY) {
        assertThat(Bf16.toBits(Bf16.fromBits((short) bits)))
            .as("%04x", bits)
            .isEqualTo((short) bits);
      }
    }
  }

  @Test
  void roundsAllHalvesToEvenAndTheirNeighboursToTheNearest() {
    for (int bits = 0; bits < INFINITY - 1; bits++) {
      float below = Bf16.fromBits((short) bits);
      float above = Bf16.fromBits((short) (bits + 1));
      float half = (float) (((double) below + above) / 2);
      assertThat(Bf16.round(half))
          .as("half above %04x", bits)
          .isEqualTo(bits % 2 == 0 ? below : above);
      assertThat(Bf16.round(-half)).isEqualTo(bits % 2 == 0 ? -below : -above);
      assertThat(Bf16.round(Math.nextDown(half))).isEqualTo(below);
      assertThat(Bf16.round(Math.nextUp(half))).isEqualTo(above);
    }
  }

  @Test
  void overflowsToInfinity() {
    assertThat(Bf16.round(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Bf16.round(-Float.MAX_VALUE)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(Bf16.round(Float.POSITIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
  }

  @Test
  void keepsNan() {
    // The payload lies in the half that is cut off: rounding alone would make this infinite.
    assertThat(Bf16.round(Float.intBitsToFloat(0x7F800001))).isNaN();
    assertThat(Bf16.round(Float.intBitsToFloat(0x7FFFFFFF))).isNaN();
    assertThat(Bf16.round(Float.intBitsToFloat(0xFFFFFFFF))).isNaN();
  }

  private static double formula(int bits) {
    int exponent = (bits >> 7) & 0xFF;
    int mantissa = bits & 0x7F;
    double sign = bits >> 15 == 0 ? 1 : -1;
    if (exponent == 0xFF) {
      return mantissa == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return exponent == 0
        ? sign * mantissa / 128.0 * Math.pow(2, -126)
        : sign * (1 + mantissa / 128.0) * Math.pow(2, exponent - 127);
  }
}
