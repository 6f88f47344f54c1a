package dev.longtake.transforms.request;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Manifests that nobody wrote: what goes in must come out, in one of two ways, once. */
class RandomManifestTest {
  private final ObjectMapper json = new ObjectMapper();

  private ObjectNode request(Random random, int number) {
    ObjectNode object = json.createObjectNode();
    object.put("id", "id-%d %s".formatted(number, text(random).strip()).strip());
    object.put("image", "i%d.png".formatted(number));
    object.put("audio", "s%d.wav".formatted(number));
    if (random.nextBoolean()) {
      object.put(
          "prompt", "p" + text(random) + ", \"" + text(random) + "\"\n\n#" + text(random) + "x");
    }
    if (random.nextBoolean()) {
      object.put("seed", random.nextLong() >>> 1);
    }
    if (random.nextBoolean()) {
      object.put("size", VideoSize.OFFICIAL.get(random.nextInt(12)));
    }
    if (random.nextBoolean()) {
      object.put("output", "d/v%d.mp4".formatted(number));
    }
    if (random.nextBoolean()) {
      object.put("numClip", 1 + random.nextInt(100));
    }
    return object;
  }

  private static String text(Random random) {
    String alphabet = "abc äß漢\uD83D\uDE00 ,;'";
    int[] points = alphabet.codePoints().toArray();
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(10); i > 0; i--) {
      text.appendCodePoint(points[random.nextInt(points.length)]);
    }
    return text.toString();
  }

  private static String csv(ObjectNode object) {
    List<String> cells = new ArrayList<>();
    for (Column column : Column.values()) {
      String cell = object.hasNonNull(column.key()) ? object.get(column.key()).asText() : "";
      cells.add("\"" + cell.replace("\"", "\"\"") + "\"");
    }
    return String.join(",", cells);
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void saysTheSameInAllFormats(long seed) throws IOException {
    Random random = new Random(seed);
    StringBuilder lines = new StringBuilder();
    StringBuilder csv = new StringBuilder(Column.keys().replace(" ", "")).append('\n');
    ObjectNode batch = json.createObjectNode();
    for (int i = 0; i < 200; i++) {
      ObjectNode object = request(random, i);
      lines.append(object).append('\n');
      csv.append(csv(object)).append('\n');
      ObjectNode entry = object.deepCopy();
      String name = entry.remove("id").textValue();
      batch.set(name, entry);
    }

    List<RenderRequest> expected = placeless(Manifests.read("d/m.jsonl", lines.toString()));
    assertThat(expected).hasSize(200);
    assertThat(placeless(Manifests.read("d/m.csv", csv.toString()))).isEqualTo(expected);
    assertThat(placeless(Manifests.read("d/b.json", batch.toPrettyString()))).isEqualTo(expected);
    assertThat(
            placeless(
                Manifests.read("d/m.jsonl", sources(Manifests.read("d/m.csv", csv.toString())))))
        .isEqualTo(expected);
  }

  @ParameterizedTest(name = "seed={0}")
  @ValueSource(longs = {11, 12, 13, 14, 15, 16})
  void accountsForEveryLineOfADamagedManifest(long seed) throws IOException {
    Random random = new Random(seed);
    List<String> lines = new ArrayList<>();
    int speaking = 0;
    for (int i = 0; i < 500; i++) {
      StringBuilder line = new StringBuilder(request(random, i).toString());
      for (int damage = random.nextInt(3); damage > 0; damage--) {
        int at = random.nextInt(line.length());
        switch (random.nextInt(3)) {
          case 0 -> line.deleteCharAt(at);
          case 1 -> line.setCharAt(at, (char) (' ' + random.nextInt(90)));
          default -> line.insert(at, "{}[]\",:\\/#.".charAt(random.nextInt(11)));
        }
      }
      String written = new String(line.toString().getBytes(UTF_8), UTF_8); // halves of pairs
      lines.add(written);
      speaking += written.startsWith("#") ? 0 : 1;
    }

    Manifests read = Manifests.read("d/m.jsonl", String.join("\n", lines));

    List<Integer> numbers = new ArrayList<>();
    for (RenderRequest request : read.requests) {
      numbers.add(request.getLine());
      assertThat(request.getSource()).isEqualTo(lines.get(request.getLine() - 1));
      assertThat(SafeNames.objection(request.getId())).isEmpty();
    }
    for (FailedRequest failure : read.failures) {
      numbers.add(failure.getLine());
      assertThat(failure.getSource()).isEqualTo(lines.get(failure.getLine() - 1));
      assertThat(failure.getMessage()).doesNotContain("\n").isNotBlank();
    }
    assertThat(read.requests.size()).isGreaterThan(100);
    assertThat(read.failures.size()).isGreaterThan(100);
    assertThat(numbers).hasSize(speaking).doesNotHaveDuplicates();
    assertThat(read.requests).extracting(RenderRequest::getId).doesNotHaveDuplicates();
  }

  private static List<RenderRequest> placeless(Manifests read) {
    assertThat(read.failures).isEmpty();
    return read.requests.stream()
        .map(request -> request.toBuilder().setLine(1).setSource("").build())
        .toList();
  }

  private static String sources(Manifests read) {
    return String.join("\n", read.requests.stream().map(RenderRequest::getSource).toList());
  }
}
