package dev.longtake.transforms.sink;

import static dev.longtake.transforms.sink.SinkSamples.failure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dev.longtake.pipeline.element.FailedRequest;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class DeadLetterFileTest {
  @Test
  void writesOneLinePerFailureInTheOrderOfTheManifest() {
    FailedRequest broken =
        failure(2, null).toBuilder()
            .setStage("read")
            .setCode("BAD_JSON")
            .setMessage("Line 2 ends inside a string.")
            .setSource("{\"id\": \"grün")
            .build();
    assertThat(DeadLetterFile.text(List.of(failure(11, "x"), failure(9, "y"), broken)))
        .isEqualTo(
            """
            {"line":2,"id":null,"stage":"read","code":"BAD_JSON",\
            "message":"Line 2 ends inside a string.","source":"{\\"id\\": \\"grün"}
            {"line":9,"id":"y","stage":"prepare","code":"AUDIO_MISSING",\
            "message":"There is no file a.wav.","source":"{\\"id\\":\\"x\\"}"}
            {"line":11,"id":"x","stage":"prepare","code":"AUDIO_MISSING",\
            "message":"There is no file a.wav.","source":"{\\"id\\":\\"x\\"}"}
            """);
  }

  @Test
  void saysEqualFailuresOnce() {
    FailedRequest other = failure(3, "a").toBuilder().setMessage("Another take.").build();

    assertThat(DeadLetterFile.text(List.of(failure(3, "a"), other, failure(3, "a"))))
        .hasLineCount(2);
  }

  @Test
  void givesTheSourceBackExactly() throws IOException {
    String source = "\ufeff\"a\",b;\\ \ud83c\udfac\u2028\t\u001b[2J";
    String text =
        DeadLetterFile.text(List.of(failure(1, "a").toBuilder().setSource(source).build()));

    assertThat(text).hasLineCount(1);
    try (JsonParser json = new JsonFactory().createParser(text)) {
      String name = "";
      while (json.nextToken() != null) {
        if ("source".equals(json.currentName())) {
          name = json.nextTextValue();
        }
      }
      assertThat(name).isEqualTo(source);
    }
  }

  @Test
  void isEmptyWhenNothingFailed() {
    assertThat(DeadLetterFile.text(List.of())).isEmpty();
  }
}
