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
