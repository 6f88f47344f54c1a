package dev.longtake.runtime.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceListTest {
  @Test
  void readsDevicesInOrder() {
    DeviceList gpus = DeviceList.of("cuda:2,cuda:0", Precision.BF16, Precision.FP8);

    assertThat(gpus.choices()).extracting(DeviceChoice::device).containsExactly("cuda:2", "cuda:0");
  }

  @Test
  void oneDeviceIsAListToo() {
    assertThat(DeviceList.of("cpu", Precision.FP32, Precision.FP32).size()).isOne();
  }

  @Test
  void partsOfTheCpuShareItsThreads() {
    DeviceList parts = DeviceList.of("cpu:0,cpu:1,cpu:2", Precision.FP32, Precision.FP32);

    try (ComputeDevice second = parts.open(1, 7)) {
      assertThat(second.description()).isEqualTo("cpu, 2 threads");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cpu:0,cpu:0|twice",
        "cuda:1,cuda:1|twice",
        "cpu:0,|no device ''",
        "cpu:0;cpu:1|no device 'cpu:0;cpu:1'"
      })
  void refusesWhatMakesNoList(String devices, String reason) {
    Precision precision = devices.startsWith("cpu") ? Precision.FP32 : Precision.BF16;
    assertThatThrownBy(() -> DeviceList.of(devices, precision, precision))
        .isInstanceOfSatisfying(
            LongtakeException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG))
        .hasMessageContaining(reason);
  }
}
