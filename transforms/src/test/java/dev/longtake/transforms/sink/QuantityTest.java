package dev.longtake.transforms.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantityTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0.0 s, 0:00",
    "7.25, 7.3 s, 0:07",
    "59.96, 1 min 0 s, 1:00",
    "83.4, 1 min 23 s, 1:23",
    "3599.7, 1 h 0 min, 1:00:00",
    "7389, 2 h 3 min, 2:03:09"
  })
  void readsTimesAsPeopleDo(double seconds, String length, String clock) {
    assertThat(Quantity.length(seconds)).isEqualTo(length);
    assertThat(Quantity.clock(seconds)).isEqualTo(clock);
  }

  @ParameterizedTest
  @CsvSource({"0.12345, 0.123", "1.2345, 1.23", "12.345, 12.3", "123.4, 123.4"})
  void keepsThreeDigitsOfARate(double rate, String text) {
    assertThat(Quantity.rate(rate)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1.01, 1.5", "9, 10", "0.3, 0.3", "0.0021, 0.003", "613, 800", "4.1, 5"})
  void roundsUpToANumberFitForAScale(double value, double rounded) {
    assertThat(Quantity.roundUp(value)).isCloseTo(rounded, within(1e-9 * rounded));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "5, 1", "61, 15", "600, 120", "3600, 600", "90000, 18000"})
  void cutsTimeIntoEvenParts(double seconds, double step) {
    assertThat(Quantity.timeStep(seconds, 6)).isEqualTo(step);
  }

  @Test
  void refusesWhatIsNoQuantity() {
    assertThatThrownBy(() -> Quantity.rate(Double.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> Quantity.clock(-1)).hasMessageContaining("-1.0");
    assertThatThrownBy(() -> Quantity.decimal(Double.POSITIVE_INFINITY, 1))
        .hasMessageContaining("Infinity");
  }

  private static org.assertj.core.data.Offset<Double> within(double offset) {
    return org.assertj.core.data.Offset.offset(offset);
  }
}
