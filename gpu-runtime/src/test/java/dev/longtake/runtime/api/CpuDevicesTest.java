package dev.longtake.runtime.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.groups.Tuple.tuple;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuDevicesTest {
  @Test
  void eachHasItsMemoryAndAnIdOfItsOwn() {
    assertThat(CpuDevices.parse("--cpuDevices", "2x24GiB, 1x512MiB,1x24GiB"))
        .extracting(LeasableDevice::id, LeasableDevice::memoryBytes, LeasableDevice::device)
        .containsExactly(
            tuple("cpu-24576MiB-0", 24L << 30, "cpu"),
            tuple("cpu-24576MiB-1", 24L << 30, "cpu"),
            tuple("cpu-512MiB-0", 512L << 20, "cpu"),
            tuple("cpu-24576MiB-2", 24L << 30, "cpu"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "24GiB", "0x24GiB", "2x24", "2x24GiB,", "-1x1GiB"})
  void refusesWhatNamesNone(String value) {
    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(() -> CpuDevices.parse("--cpuDevices", value))
        .withMessageStartingWith("--cpuDevices must be");
  }
}
