package dev.longtake.runtime.ops.cpu;

import static dev.longtake.runtime.ops.cpu.Exact.assertWithin;
import static dev.longtake.runtime.ops.cpu.Exact.doubles;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.common.primitives.Floats;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CpuOpsActivationTest {
  /** Where {@code VectorMath} limits an exponent. */
  private static final float LARGEST_EXPONENT = 24;

  private final GuardedTensors tensors = new GuardedTensors();
  private final CpuOps ops = GuardedTensors.usedOps();

  @AfterEach
  void close() {
    ops.close();
    tensors.close();
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void followsTheFormulaFromMinus100To100(Activation activation) {
    checkActivation(activation, sweep());
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void followsTheFormulaForTinyValues(Activation activation) {
    float[] values = new float[90];
    for (int i = 0; i < values.length; i += 2) {
      values[i] = (float) Math.pow(10, -i / 2.0); // the last is subnormal
      values[i + 1] = -values[i];
    }
    checkActivation(activation, values);
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void followsTheFormulaForHugeValues(Activation activation) {
    checkActivation(
        activation,
        new float[] {1e3f, -1e3f, 1e6f, -1e6f, 1e12f, -1e12f, 1e20f, -1e20f, 3e38f, -3e38f});
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void keepsNotANumber(Activation activation) {
    Tensor x = tensors.of(new float[] {1, Float.NaN, 2}, 3);
    Tensor out = tensors.output(3);
    ops.activate(x, activation, out);
    assertThat(GuardedTensors.read(out)[1]).isNaN();
    assertThat(GuardedTensors.read(out)[2]).isNotNaN();
  }

  @Test
  void errorFunctionOfTheTestIsTheRealOne() {
    // NIST Digital Library of Mathematical Functions, table 7.23; double precision holds 16 digits.
    assertThat(Exact.erf(0)).isZero();
    assertThat(Exact.erf(0.5)).isCloseTo(0.5204998778130465, within(1e-15));
    assertThat(Exact.erf(-1)).isCloseTo(-0.8427007929497149, within(1e-15));
    assertThat(Exact.erf(2)).isCloseTo(0.9953222650189527, within(1e-15));
    assertThat(Exact.erf(4.5)).isCloseTo(0.9999999998033839, within(1e-15));
  }

  private void checkActivation(Activation activation, float[] values) {
    Tensor x = tensors.of(values, values.length);
    Tensor out = tensors.output(values.length);
    ops.activate(x, activation, out);
    checkActivated(out, x, activation);

    Tensor inPlace = tensors.copyOf(x);
    ops.activate(inPlace, activation, inPlace);
    checkActivated(inPlace, x, activation);
  }

  private static void checkActivated(Tensor out, Tensor x, Activation activation) {
    double[] expected = doubles(x);
    double[] limits = new double[expected.length];
    for (int i = 0; i < expected.length; i++) {
      limits[i] = Exact.activationLimit(activation, expected[i], 0);
      expected[i] = Exact.activation(activation, expected[i]);
    }
    assertWithin(out, expected, limits);
  }

  private static float[] sweep() {
    List<Float> values = new ArrayList<>();
    for (int i = -100_000; i <= 100_000; i += 7) {
      values.add(i / 1000f);
    }
    for (float x : new float[] {0, 1, 6, LARGEST_EXPONENT, 100}) {
      values.add(x);
      values.add(Math.nextUp(x));
      values.add(Math.nextDown(x));
      values.add(-x);
      values.add(-Math.nextUp(x));
    }
    return Floats.toArray(values);
  }
}
