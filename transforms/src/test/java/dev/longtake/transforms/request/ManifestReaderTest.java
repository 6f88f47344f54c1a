package dev.longtake.transforms.request;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestReaderTest {
  private static final String GOOD = good("a");

  private static String good(String id) {
    return "{\"id\":\"%s\",\"image\":\"a.png\",\"audio\":\"a.wav\"}".formatted(id);
  }

  @Test
  void readsEveryKey() throws IOException {
    String line =
        """
        {"id":"lesson 1","image":"pics/a.png","audio":"gs://b/a.wav","prompt":"Say \\"hi\\" – ü",\
        "seed":9223372036854775807,"size":"720*400","output":"course/1.mp4","numClip":3}\
        """;

    Manifests read = Manifests.read("/data/m.jsonl", line);

    assertThat(read.failures).isEmpty();
    assertThat(read.requests)
        .containsExactly(
            RenderRequest.builder()
                .setLine(1)
                .setSource(line)
                .setId("lesson 1")
                .setImage("/data/pics/a.png")
                .setAudio("gs://b/a.wav")
                .setPrompt("Say \"hi\" – ü")
                .setSeed(Long.MAX_VALUE)
                .setSize("720*400")
                .setOutput("course/1.mp4")
                .setClips(3)
                .build());
  }

  @Test
  void fillsInWhatIsLeftOut() throws IOException {
    Manifests read =
        Manifests.read(
            "m.jsonl",
            GOOD
                + "\n{\"id\":\"b\",\"image\":\"a.png\",\"audio\":\"a.wav\",\"prompt\":\" \","
                + "\"seed\":null,\"size\":\"\",\"output\":null,\"numClip\":null}");

    assertThat(read.requests)
        .hasSize(2)
        .allSatisfy(
            request -> {
              assertThat(request.getPrompt()).isEqualTo(RequestParser.DEFAULT_PROMPT);
              assertThat(request.getSeed()).isEqualTo(420);
              assertThat(request.getSize()).isNull();
              assertThat(request.getOutput()).isNull();
              assertThat(request.getClips()).isNull();
            });
  }

  @Test
  void countsLinesPastMarksCommentsAndBlanks() throws IOException {
    String text = "\uFEFF# a comment\r\n\r\n  \t\r\n" + GOOD + "\r\n#{\"id\":\"x\"}\n" + good("b");

    Manifests read = Manifests.read("m.jsonl", text);

    assertThat(read.failures).isEmpty();
    assertThat(read.requests).extracting(RenderRequest::getLine).containsExactly(4, 6);
    assertThat(read.requests.get(0).getSource()).isEqualTo(GOOD);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"id\":\"a\"|BROKEN_JSON|Unexpected end-of-input",
        "{\"id\":\"a\",\"id\":\"b\"}|BROKEN_JSON|Duplicate field 'id'",
        "{\"id\":\"a\"} {\"id\":\"b\"}|BROKEN_JSON|Write one whole object a line",
        "{id:1}|BROKEN_JSON|(column 2)",
        "[\"a\"]|NOT_AN_OBJECT|The line is [\"a\"], not an object",
        "7|NOT_AN_OBJECT|The line is 7",
        "{\"id\":\"a\",\"imge\":\"b\"}|UNKNOWN_KEY|'imge' is no key of a request; the closest is"
            + " 'image'",
        "{\"id\":\"a\",\"num_clip\":2}|UNKNOWN_KEY|the closest is 'numClip'",
        "{\"id\":\"a\",\"audio_path\":2}|UNKNOWN_KEY|the closest is 'audio'",
        "{\"id\":\"a\",\"Prompt\":\"b\"}|UNKNOWN_KEY|the closest is 'prompt'",
        "{\"image\":\"a\",\"audio\":\"a\"}|MISSING_ID|There is no id",
        "{\"id\":\" \",\"image\":\"a\",\"audio\":\"a\"}|MISSING_ID|There is no id",
        "{\"id\":7}|BAD_TYPE|'id' must be a text in quotes, but is 7",
        "{\"id\":\"a\",\"image\":[1]}|BAD_TYPE|'image' must be a text in quotes, but is [1]",
        "{\"id\":\"a\",\"seed\":1.5}|BAD_TYPE|'seed' must be a whole number from 0 to"
            + " 9223372036854775807",
        "{\"id\":\"a\",\"seed\":\"1\"}|BAD_TYPE|but is \"1\"",
        "{\"id\":\"a\",\"seed\":-1}|BAD_TYPE|but is -1",
        "{\"id\":\"a\",\"seed\":9223372036854775808}|BAD_TYPE|but is 9223372036854775808",
        "{\"id\":\"a\",\"numClip\":0}|BAD_TYPE|from 1 to 2147483647, but is 0",
        "{\"id\":\"a\",\"numClip\":-3}|BAD_TYPE|but is -3",
        "{\"id\":\"../a\"}|UNSAFE_ID|it contains '/'. Choose another, such as '____a-",
        "{\"id\":\"..\"}|UNSAFE_ID|starts with a dot",
        "{\"id\":\"a\",\"size\":\"720x400\"}|UNKNOWN_SIZE|'720x400' is no size. Write W*H",
        "{\"id\":\"a\",\"output\":\"../a.mp4\"}|UNSAFE_OUTPUT|of '..', it starts with a dot",
        "{\"id\":\"a\",\"output\":\"/a.mp4\"}|UNSAFE_OUTPUT|of '', it is blank",
        "{\"id\":\"a\",\"output\":\"a.avi\"}|UNSAFE_OUTPUT|it does not end with .mp4",
        "{\"id\":\"a\",\"output\":\"gs://b/a.mp4\"}|UNSAFE_OUTPUT|of 'gs:', it contains ':'",
        "{\"id\":\"a\",\"output\":\"x.mp4/a.mp4\"}|UNSAFE_OUTPUT|its directory 'x.mp4' could be a"
            + " video",
        "{\"id\":\"a\",\"audio\":\"a\"}|MISSING_IMAGE|Add \"image\"",
        "{\"id\":\"a\",\"image\":\"a\",\"audio\":\"\"}|MISSING_AUDIO|Add \"audio\"",
        "{\"id\":\"a\",\"image\":\"a\",\"audio\":\"https://x/a.wav\"}|BAD_PATH|download the file"
            + " first",
        "{\"id\":\"a\",\"image\":\"a\\u0000b\",\"audio\":\"a\"}|BAD_PATH|aU+0000b",
      })
  void saysWhatIsWrongWithALineAndGoesOn(String line, String code, String message)
      throws IOException {
    Manifests read = Manifests.read("m.jsonl", good("z") + "\n" + line + "\n" + good("y"));

    assertThat(read.requests).extracting(RenderRequest::getId).containsExactly("z", "y");
    assertThat(read.failures).hasSize(1);
    FailedRequest failure = read.failures.get(0);
    assertThat(failure.getCode()).isEqualTo(code);
    assertThat(failure.getMessage()).contains(message);
    assertThat(failure.getLine()).isEqualTo(2);
    assertThat(failure.getSource()).isEqualTo(line);
    assertThat(failure.getStage()).isEqualTo("read");
  }

  @Test
  void namesTheRequestOfABadLineWhereItCan() throws IOException {
    Manifests read =
        Manifests.read(
            "m.jsonl",
            "{\"id\":\"a\"}\n{\"id\":\"b\",\"seed\":{}}\n{\"id\":7}\n{\"id\":\"a/b\"}\n{\"id\n");

    assertThat(read.faults())
        .containsExactly(
            "1 a MISSING_IMAGE",
            "2 b BAD_TYPE",
            "3 null BAD_TYPE",
            "4 a/b UNSAFE_ID",
            "5 null BROKEN_JSON");
  }

  @Test
  void refusesASecondUseOfAnIdOrAnOutput() throws IOException {
    String text =
        """
        {"id":"a","image":"i","audio":"s"}
        {"id":"a","image":"i","audio":"s"}
        {"id":"b","image":"i","audio":"s","output":"x/b.mp4"}
        {"id":"c","image":"i","audio":"s","output":"x/b.mp4"}
        {"id":"d","image":"i","audio":"s","output":"a.mp4"}
        {"id":"e","image":"i","audio":"s","output":"b.mp4"}
        {"id":"f","image":"i","audio":"s","output":"g.mp4"}
        {"id":"g","image":"i","audio":"s"}
        {"id":"h","image":"i","audio":"s","output":"h.mp4"}
        {"id":"i","audio":"s"}
        {"id":"i","image":"i","audio":"s"}
        """;

    Manifests read = Manifests.read("m.jsonl", text);

    assertThat(read.requests)
        .extracting(RenderRequest::getId)
        .containsExactly("a", "b", "e", "f", "h");
    assertThat(read.faults())
        .containsExactly(
            "2 a DUPLICATE_ID",
            "4 c DUPLICATE_OUTPUT",
            "5 d DUPLICATE_OUTPUT",
            "8 g DUPLICATE_OUTPUT",
            "10 i MISSING_IMAGE",
            "11 i DUPLICATE_ID");
    assertThat(read.failures.get(0).getMessage()).contains("already that of line 1");
    assertThat(read.failures.get(1).getMessage()).contains("line 3 already goes to 'x/b.mp4'");
    assertThat(read.failures.get(2).getMessage()).contains("line 1 already goes to 'a.mp4'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\uFEFF", "\n\n", "# only a comment\n"})
  void refusesAnEmptyManifest(String text) {
    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(() -> Manifests.read("m.jsonl", text))
        .withMessageContaining("The manifest m.jsonl asks for nothing")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG));
  }

  @Test
  void refusesAnythingButUtf8() {
    byte[] latin = ("# one\n" + GOOD.replace("a.png", "ä.png")).getBytes(ISO_8859_1);
    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(() -> Manifests.read("m.jsonl", latin))
        .withMessageContaining("not UTF-8: line 2");
    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(() -> Manifests.read("m.jsonl", GOOD.getBytes(UTF_16)))
        .withMessageContaining("UTF-16");
  }

  @Test
  void passesOverALineThatIsTooLong() throws IOException {
    Manifests read =
        Manifests.read("m.jsonl", "{\"id\":\"" + "x".repeat(2_000_000) + "\"}\n" + GOOD);

    assertThat(read.faults()).containsExactly("1 null LINE_TOO_LONG");
    assertThat(read.failures.get(0).getSource().length()).isLessThan(300);
    assertThat(read.requests).extracting(RenderRequest::getLine).containsExactly(2);
  }

  @Test
  void passesLinesOnBeforeItReadsLaterOnes() throws IOException {
    int lines = 20_000;
    List<InputStream> parts = new ArrayList<>();
    for (int i = 0; i < lines; i++) {
      byte[] line = (good("a" + i) + "\n").getBytes(UTF_8);
      parts.add(new ByteArrayInputStream(line));
    }
    CountingStream in = new CountingStream(new SequenceInputStream(Collections.enumeration(parts)));
    List<Long> readWhenPassedOn = new ArrayList<>();
    ManifestSink sink =
        new ManifestSink() {
          @Override
          public void request(RenderRequest request) {
            readWhenPassedOn.add(in.bytes);
          }

          @Override
          public void failed(FailedRequest failure) {
            throw new AssertionError(failure);
          }
        };

    new ManifestReader("m.jsonl", 420).read(in, sink);

    assertThat(readWhenPassedOn).hasSize(lines);
    assertThat(readWhenPassedOn.get(0)).isLessThan(80_000);
    assertThat(readWhenPassedOn.get(lines / 2)).isLessThan(in.bytes / 2 + 80_000);
  }

  /** Counts what is read. */
  private static final class CountingStream extends FilterInputStream {
    private long bytes;

    CountingStream(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int next = super.read();
      bytes += next >= 0 ? 1 : 0;
      return next;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int count = super.read(buffer, offset, length);
      bytes += Math.max(0, count);
      return count;
    }
  }
}
