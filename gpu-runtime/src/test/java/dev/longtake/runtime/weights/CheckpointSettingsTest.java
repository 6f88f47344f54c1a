package dev.longtake.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointSettingsTest {
  @TempDir private Path directory;

  @Test
  void areOfficialWithoutAFile() {
    assertThat(CheckpointSettings.read(directory)).isEqualTo(CheckpointSettings.OFFICIAL);
    assertThat(CheckpointSettings.OFFICIAL.audioLeadFrames()).isEqualTo(3);
    assertThat(CheckpointSettings.OFFICIAL.loraAlpha()).isEqualTo(64);
    assertThat(CheckpointSettings.OFFICIAL.size()).isEmpty();
  }

  @Test
  void readsAllOrSome() throws IOException {
    write(
        "{\"audioLeadFrames\": 0, \"size\": \"128*96\", \"takeSeconds\": 7, \"carriesMotion\": false, \"loraAlpha\": 1}");
    CheckpointSettings settings = CheckpointSettings.read(directory);
    assertThat(settings.audioLeadFrames()).isZero();
    assertThat(settings.takeSeconds()).isEqualTo(7);
    assertThat(settings.carriesMotion()).isFalse();
    assertThat(settings.size()).contains(new CheckpointSettings.Size(128, 96));
    assertThat(settings.loraAlpha()).isEqualTo(1);
    assertThat(settings.withLoraAlpha(4.5).loraAlpha()).isEqualTo(4.5);
    assertThat(settings.withLoraAlpha(4.5).audioLeadFrames()).isZero();

    write("{\"loraAlpha\": 0.5}");
    assertThat(CheckpointSettings.read(directory))
        .isEqualTo(CheckpointSettings.OFFICIAL.withLoraAlpha(0.5));
  }

  @Test
  void rejectsUnknownKeys() throws IOException {
    write("{\"audioLead\": 0}");
    assertThatThrownBy(() -> CheckpointSettings.read(directory))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining("'audioLead'")
        .hasMessageContaining("[audioLeadFrames, size, takeSeconds, carriesMotion, loraAlpha]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "takeSeconds | 0",
        "carriesMotion | 1",
        "audioLeadFrames | -1",
        "audioLeadFrames | 1.5",
        "audioLeadFrames | \"3\"",
        "audioLeadFrames | null",
        "audioLeadFrames | 3000000000",
        "size | 128",
        "size | \"128x128\"",
        "size | \"0*128\"",
        "size | \"128*\"",
        "size | \"9999999999*1\"",
        "loraAlpha | \"64\"",
        "loraAlpha | -1",
        "loraAlpha | 1e999",
        "loraAlpha | true"
      })
  void rejectsWrongValues(String key, String value) throws IOException {
    write("{\"%s\": %s}".formatted(key, value));
    assertThatThrownBy(() -> CheckpointSettings.read(directory))
        .isInstanceOf(LongtakeException.class)
        .hasMessageContaining(CheckpointSettings.FILE_NAME)
        .hasMessageContaining(key);
  }

  private void write(String json) throws IOException {
    Files.writeString(directory.resolve(CheckpointSettings.FILE_NAME), json);
  }
}
