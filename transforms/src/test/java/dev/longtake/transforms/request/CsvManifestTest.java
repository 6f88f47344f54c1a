package dev.longtake.transforms.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsvManifestTest {
  @Test
  void readsColumnsInAnyOrder() throws IOException {
    Manifests read =
        Manifests.read(
            "gs://b/d/m.CSV",
            "\uFEFF# jobs\r\nnumClip, audio,id,image,seed,prompt,size,output\r\n"
                + "2,a.wav,one,../i.png,7,\"Hello, \"\"you\"\"\",720*400,x/1.mp4\r\n");

    assertThat(read.failures).isEmpty();
    assertThat(read.requests)
        .containsExactly(
            RenderRequest.builder()
                .setLine(3)
                .setSource(
                    "{\"id\":\"one\",\"image\":\"../i.png\",\"audio\":\"a.wav\","
                        + "\"prompt\":\"Hello, \\\"you\\\"\",\"seed\":7,\"size\":\"720*400\","
                        + "\"output\":\"x/1.mp4\",\"numClip\":2}")
                .setId("one")
                .setImage("gs://b/i.png")
                .setAudio("gs://b/d/a.wav")
                .setPrompt("Hello, \"you\"")
                .setSeed(7)
                .setSize("720*400")
                .setOutput("x/1.mp4")
                .setClips(2)
                .build());
  }

  @Test
  void countsLinesPastTextsOfSeveralLines() throws IOException {
    Manifests read =
        Manifests.read(
            "m.csv",
            """
            id,image,audio,prompt
            a,i.png,s.wav,"first

            # third"

            # a comment
            b,i.png,s.wav,
            """);

    assertThat(read.requests).extracting(RenderRequest::getLine).containsExactly(2, 7);
    assertThat(read.requests.get(0).getPrompt()).isEqualTo("first\n\n# third");
    assertThat(read.requests.get(1).getPrompt()).isEqualTo(RequestParser.DEFAULT_PROMPT);
  }

  @Test
  void losesOnlyTheBrokenRecord() throws IOException {
    Manifests read =
        Manifests.read(
            "m.csv",
            """
            id,image,audio,seed
            a,i.png,s.wav,1
            b,i.png,"s.wav,2
            c,i.png,s.wav
            d,i.png,s.wav,four
            ,i.png,s.wav,5
            f,i.png,s.wav,6,7
            g,i.png,"s"x,7
            h,5" screen.png,s.wav,
            a,i.png,s.wav,9
            i,"i.png","s.wav","10"
            """);

    assertThat(read.requests).extracting(RenderRequest::getId).containsExactly("a", "h", "i");
    assertThat(read.requests.get(1).getImage()).isEqualTo("5\" screen.png");
    assertThat(read.requests.get(2).getSeed()).isEqualTo(10);
    assertThat(read.faults())
        .containsExactly(
            "3 null BROKEN_CSV",
            "4 null BROKEN_CSV",
            "5 d BAD_TYPE",
            "6 null MISSING_ID",
            "7 null BROKEN_CSV",
            "8 null BROKEN_CSV",
            "10 a DUPLICATE_ID");
    assertThat(read.failures.get(0).getSource()).isEqualTo("b,i.png,\"s.wav,2");
    assertThat(read.failures.get(1).getMessage()).contains("it has 3 cells, but the header has 4");
    assertThat(read.failures.get(2).getSource())
        .isEqualTo("{\"id\":\"d\",\"image\":\"i.png\",\"audio\":\"s.wav\",\"seed\":\"four\"}");
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "id,image|the columns id, image and audio are needed",
        "id,image,audio,imge|there is no column 'imge'; the closest is 'image'",
        "id;image;audio|there is no column 'id;image;audio'",
        "id,image,audio,id|the column 'id' is there twice",
        "id,image,\"audio|a quote is opened and not closed",
      })
  void refusesAHeaderThatCannotBeRight(String header, String message) {
    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(() -> Manifests.read("m.csv", header + "\na,b,c\n"))
        .withMessageContaining("The first line of the manifest m.csv must name its columns")
        .withMessageContaining(message);
  }

  @Test
  void refusesAHeaderAlone() {
    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(() -> Manifests.read("m.csv", "id,image,audio\n\n"))
        .withMessageContaining("asks for nothing");
  }
}
