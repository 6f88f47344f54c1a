package dev.longtake.runtime.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemorySizeTest {
  @ParameterizedTest
  @CsvSource({"22GiB, 23622320128", "0.5GiB, 536870912", "512MiB, 536870912", "1gib, 1073741824"})
  void readsWhatPeopleWrite(String value, long bytes) {
    assertThat(MemorySize.parse("--vramLimit", value)).isEqualTo(bytes);
  }

  @Test
  void readsFractions() {
    assertThat(MemorySize.parse("--vramLimit", "22.15GiB")).isEqualTo(23_783_381_401L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "22", "22GB", "-1GiB", "0GiB", "GiB", "1e3MiB"})
  void refusesTheRest(String value) {
    assertThatThrownBy(() -> MemorySize.parse("--vramLimit", value))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("--vramLimit")
        .hasMessageContaining("'" + value + "'")
        .hasMessageContaining("22GiB");
  }
}
