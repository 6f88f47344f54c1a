package dev.longtake.transforms.sink;

import static dev.longtake.transforms.sink.SinkSamples.video;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.longtake.pipeline.element.RenderedVideo;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResultsFileTest {
  @Test
  void writesOneLinePerVideoSortedById() {
    RenderedVideo second =
        video("b").toBuilder()
            .setFrames(1525)
            .setSeconds(61.0)
            .setRenderSeconds(120)
            .setTakes(2)
            .setClips(32)
            .setClipsReused(32)
            .setUntouched(true)
            .build();
    assertThat(ResultsFile.text(List.of(second, video("a"))))
        .isEqualTo(
            """
            {"id":"a","output":"out/a.mp4","frames":192,"seconds":7.68,"fps":9.6,\
            "strategy":"resident","choice":"resident with 2 lanes: the best of 2 ways",\
            "takes":1,"clips":4,"clipsReused":0,"digest":"ab12",\
            "untouched":false}
            {"id":"b","output":"out/b.mp4","frames":1525,"seconds":61,"fps":12.708,\
            "strategy":"resident","choice":"resident with 2 lanes: the best of 2 ways",\
            "takes":2,"clips":32,"clipsReused":32,"digest":"ab12",\
            "untouched":true}
            """);
  }

  @Test
  void saysNullWhereTheRenderTimeIsNotKnown() {
    String line = ResultsFile.text(List.of(video("a").toBuilder().setRenderSeconds(0).build()));

    assertThat(line).contains("\"fps\":null,");
  }

  @Test
  void keepsHostileTextOnOneLineAndWhole() throws IOException {
    String id = SinkSamples.HOSTILE + "\u2028\u2029\u0085\u0000";

    String text = ResultsFile.text(List.of(video(id)));

    assertThat(text.lines()).hasSize(1);
    assertThat(text).doesNotContain("\u2028").doesNotContain("\u2029").endsWith("}\n");
    try (JsonParser json = new JsonFactory().createParser(text)) {
      assertThat(json.nextToken()).isEqualTo(JsonToken.START_OBJECT);
      assertThat(json.nextFieldName()).isEqualTo("id");
      assertThat(json.nextTextValue()).isEqualTo(id);
    }
  }

  @Test
  void refusesTwoVideosOfOneId() {
    assertThatThrownBy(() -> ResultsFile.text(List.of(video("d"), video("d"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Two finished videos have the id 'd'; an id names one request.");
  }

  @Test
  void refusesALengthThatIsNotFinite() {
    RenderedVideo video = video("a").toBuilder().setSeconds(Double.NaN).build();

    assertThatThrownBy(() -> ResultsFile.text(List.of(video)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'a' lasts NaN s");
  }
}
