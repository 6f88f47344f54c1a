package dev.longtake.transforms.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VideoSizeTest {
  @Test
  void knowsEveryOfficialSize() throws RequestFaultException {
    assertThat(VideoSize.OFFICIAL).hasSize(12);
    for (String size : VideoSize.OFFICIAL) {
      assertThat(VideoSize.parse(size)).hasToString(size);
    }
  }

  @Test
  void isAnArea() throws RequestFaultException {
    assertThat(VideoSize.parse("720*400").areaPixels()).isEqualTo(288_000);
    assertThat(VideoSize.parse("128*128")).isEqualTo(new VideoSize(128, 128));
    assertThat(VideoSize.parse("4096*64")).isEqualTo(new VideoSize(4096, 64));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "720x400",
        "720",
        "720*",
        "*400",
        "-720*400",
        "720*400*2",
        " 720*400",
        "720*401",
        "48*720",
        "0*0",
        "4112*64",
        "99999999999*64",
        "７20*400"
      })
  void refusesAnythingElse(String size) {
    assertThatExceptionOfType(RequestFaultException.class)
        .isThrownBy(() -> VideoSize.parse(size))
        .withMessageContaining("'%s' is no size", size)
        .withMessageContaining("720*400, 704*384")
        .satisfies(fault -> assertThat(fault.code()).isEqualTo("UNKNOWN_SIZE"));
  }
}
