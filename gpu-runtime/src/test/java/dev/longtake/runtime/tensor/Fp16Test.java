package dev.longtake.runtime.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class Fp16Test {
  private static final int INFINITY = 0x7C00;

  @Test
  void widensAllValuesAsTheFormulaSays() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertThat((double) Fp16.fromBits((short) bits))
          .as("%04x", bits)
          .isEqualTo(Double.valueOf(formula(bits)));
    }
  }

  @Test
  void keepsAllValues() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      if ((bits & 0x7FFF) <= INFINITY) {
        assertThat(Fp16.toBits(Fp16.fromBits((short) bits)))
            .as("%04x", bits)
            .isEqualTo((short) bits);
      }
    }
  }

  @Test
  void roundsAllHalvesToEvenAndTheirNeighboursToTheNearest() {
    for (int bits = 0; bits < INFINITY - 1; bits++) {
      float below = Fp16.fromBits((short) bits);
      float above = Fp16.fromBits((short) (bits + 1));
      float half = (below + above) / 2;
      assertThat(Fp16.round(half))
          .as("half above %04x", bits)
          .isEqualTo(bits % 2 == 0 ? below : above);
      assertThat(Fp16.round(-half)).isEqualTo(bits % 2 == 0 ? -below : -above);
      assertThat(Fp16.round(Math.nextDown(half))).isEqualTo(below);
      assertThat(Fp16.round(Math.nextUp(half))).isEqualTo(above);
    }
  }

  @Test
  void overflowsToInfinityWhereTheNextStepWouldBeNearer() {
    assertThat(Fp16.round(Math.nextDown(65520f))).isEqualTo(65504f);
    assertThat(Fp16.round(65520f)).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Fp16.round(-65520f)).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(Fp16.round(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
  }

  @Test
  void keepsNan() {
    assertThat(Fp16.round(Float.intBitsToFloat(0x7F800001))).isNaN();
    assertThat(Fp16.round(Float.intBitsToFloat(0xFFFFFFFF))).isNaN();
  }

  private static double formula(int bits) {
    int exponent = (bits >> 10) & 0x1F;
    int mantissa = bits & 0x3FF;
    double sign = bits >> 15 == 0 ? 1 : -1;
    if (exponent == 0x1F) {
      return mantissa == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
    }
    return exponent == 0
        ? sign * mantissa / 1024.0 * Math.pow(2, -14)
        : sign * (1 + mantissa / 1024.0) * Math.pow(2, exponent - 15);
  }
}
