package dev.longtake.transforms.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MediaChecksTest {
  @ParameterizedTest(name = "{0} samples with peak {1}: {2}")
  @CsvSource({
    "0, 0, EMPTY_AUDIO, has no sound",
    "1599, 0.5, AUDIO_TOO_SHORT, is 0.100 s long; a video needs at least 0.1 s",
    "800, 0.5, AUDIO_TOO_SHORT, is 0.050 s long",
    "16000, 0.00099, SILENT_AUDIO, its peak is -60.1 dB",
    "16000, 0, SILENT_AUDIO, its peak is nothing at all",
    "1382400001, 0.5, AUDIO_TOO_LONG, is 24.0 hours long",
  })
  void refusesSpeechNoVideoCanBeMadeOf(long samples, float peak, String code, String message) {
    assertThatExceptionOfType(RequestFaultException.class)
        .isThrownBy(() -> MediaChecks.checkSpeech("a.wav", samples, peak))
        .withMessageContaining("'a.wav'")
        .withMessageContaining(message)
        .satisfies(fault -> assertThat(fault.code()).isEqualTo(code));
  }

  @Test
  void acceptsShortAndQuietSpeech() {
    assertThatNoException()
        .isThrownBy(
            () -> {
              MediaChecks.checkSpeech("a.wav", 1600, 0.001f);
              MediaChecks.checkSpeech("a.wav", 24 * 3600 * 16_000L, 1);
            });
  }

  @ParameterizedTest(name = "{0}x{1}: {2}")
  @CsvSource({
    "63, 100, PICTURE_TOO_SMALL, has 63x100 pixels; each side needs at least 64",
    "0, 0, PICTURE_TOO_SMALL, has 0x0 pixels",
    "1000, 4001, EXTREME_PROPORTIONS, may be 4 times the other",
    "4001, 1000, EXTREME_PROPORTIONS, has 4001x1000 pixels",
    "10001, 10000, PICTURE_TOO_LARGE, it may have 100 million",
    "70000, 70000, PICTURE_TOO_LARGE, it may have 100 million",
  })
  void refusesPicturesNoVideoCanBeMadeOf(int width, int height, String code, String message) {
    assertThatExceptionOfType(RequestFaultException.class)
        .isThrownBy(() -> MediaChecks.checkPicture("a.png", width, height))
        .withMessageContaining(message)
        .satisfies(fault -> assertThat(fault.code()).isEqualTo(code));
  }

  @Test
  void acceptsPicturesAtTheLimits() {
    assertThatNoException()
        .isThrownBy(
            () -> {
              MediaChecks.checkPicture("a.png", 64, 64);
              MediaChecks.checkPicture("a.png", 256, 64);
              MediaChecks.checkPicture("a.png", 10_000, 10_000);
            });
  }

  @Test
  void becomesADeadLetterOfItsRequest() {
    RenderRequest request =
        RenderRequest.builder()
            .setLine(7)
            .setSource("{\"id\":\"a\"}")
            .setId("a")
            .setImage("a.png")
            .setAudio("a.wav")
            .setPrompt("")
            .setSeed(1)
            .build();

    assertThat(new RequestFaultException("SILENT_AUDIO", "why").toFailedRequest(request, "prepare"))
        .isEqualTo(
            FailedRequest.builder()
                .setLine(7)
                .setSource("{\"id\":\"a\"}")
                .setId("a")
                .setStage("prepare")
                .setCode("SILENT_AUDIO")
                .setMessage("why")
                .build());
  }
}
