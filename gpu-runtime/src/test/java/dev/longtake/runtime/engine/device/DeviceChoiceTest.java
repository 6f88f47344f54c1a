package dev.longtake.runtime.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceChoiceTest {
  @Test
  void readsDevices() {
    assertThat(choice("cpu", Precision.FP32).gpu()).isEmpty();
    assertThat(choice("cpu:3", Precision.FP32).gpu()).isEmpty();
    assertThat(choice("cuda", Precision.BF16).gpu()).isEqualTo(OptionalInt.of(0));
    assertThat(choice("cuda:0", Precision.FP8).gpu()).isEqualTo(OptionalInt.of(0));
    assertThat(choice("cuda:17", Precision.FP8).gpu()).isEqualTo(OptionalInt.of(17));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "gpu", "cuda:", "cuda:-1", "cuda:a", "CUDA", "cpu:", "cuda:1000"})
  void refusesUnknownDeviceAndNamesThoseThereAre(String device) {
    assertThatThrownBy(() -> choice(device, Precision.FP32))
        .isInstanceOfSatisfying(
            LongtakeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
        .hasMessageContaining("'" + device + "'")
        .hasMessageContaining("cuda:N");
  }

  @ParameterizedTest
  @CsvSource({
    "cpu, BF16, precision fp32",
    "cpu, FP8, precision fp32",
    "cuda, FP32, precision bf16 or fp8"
  })
  void refusesPrecisionThatTheDeviceLacks(String device, Precision precision, String instead) {
    assertThatThrownBy(() -> choice(device, precision))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("Choose " + instead);
  }

  @Test
  void refusesKeysAndValuesInFp8OnTheCpu() {
    assertThatThrownBy(() -> DeviceChoice.of("cpu", Precision.FP32, Precision.FP8))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("keys and values in fp32 only, not in fp8")
        .hasMessageContaining("Choose kvPrecision fp32");
  }

  @Test
  void keysAndValuesHaveAPrecisionOfTheirOwnOnAGpu() {
    DeviceChoice choice = DeviceChoice.of("cuda:1", Precision.BF16, Precision.FP8);

    assertThat(choice.precision()).isEqualTo(Precision.BF16);
    assertThat(choice.kvPrecision()).isEqualTo(Precision.FP8);
  }

  private static DeviceChoice choice(String device, Precision precision) {
    boolean cpu = device.startsWith("cpu");
    return DeviceChoice.of(device, precision, cpu ? Precision.FP32 : Precision.BF16);
  }
}
