package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.Iterables;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.runtime.testing.FakeEngineProvider.OpenedTake;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Somebody damages the work store between two runs. What is damaged is rendered again, nothing else
 * is, and the video comes out as it was.
 */
class DamagedStoreTest {
  private static final String[] OPTIONS = {"--takeSeconds=2", "--takePlanner=fixed"};

  private static FakeEngineProvider engines;
  private static Workshop workshop;
  private static byte[] video;

  private int takesBefore;

  /** Renders three takes of two clips. */
  @BeforeAll
  static void render(@TempDir Path root) throws IOException {
    engines = new FakeEngineProvider();
    workshop = Workshop.of(root, engines).picture().voice("a", 6, 150).requests("a");
    workshop.run(OPTIONS);
    video = Files.readAllBytes(workshop.video("a"));
  }

  // Every test leaves the store as whole as it found it, or fails.
  @BeforeEach
  void takeTheVideoAway() throws IOException {
    Files.deleteIfExists(workshop.video("a"));
    takesBefore = engines.takes().size();
  }

  @Test
  void joinsALostVideoAgainWithoutRendering() throws IOException {
    assertRenderedAgain(List.of());
  }

  @Test
  void rendersATruncatedFragmentAgain() throws IOException {
    Path fragment = fileOf(marker(1, "clip-00000.mp4"));
    byte[] bytes = Files.readAllBytes(fragment);
    Files.write(fragment, Arrays.copyOf(bytes, bytes.length - 1));

    assertRenderedAgain(List.of(1));
  }

  @Test
  void rendersABitFlippedFragmentAgain() throws IOException {
    flipBit(fileOf(marker(2, "clip-00001.mp4")));

    assertRenderedAgain(List.of(2));
  }

  @Test
  void rendersAMissingFragmentAgain() throws IOException {
    Files.delete(fileOf(marker(0, "clip-00000.mp4")));

    assertRenderedAgain(List.of(0));
  }

  @Test
  void rendersATakeWithADamagedRecordAgain() throws IOException {
    flipBit(fileOf(marker(1, "take")));

    assertRenderedAgain(List.of(1));
  }

  @Test
  void rendersATakeWithADamagedMarkerAgain() throws IOException {
    Files.writeString(marker(1, "take"), "{\"digest\":");

    assertRenderedAgain(List.of(1));
  }

  @Test
  void rendersATakeWhoseEndIsMissingAgain() throws IOException {
    Files.delete(fileOf(marker(0, "end.safetensors")));

    assertRenderedAgain(List.of(0));
  }

  @Test
  void rendersATakeWhoseEndIsDamagedAgain() throws IOException {
    flipBit(fileOf(marker(1, "end.safetensors")));

    assertRenderedAgain(List.of(1));
  }

  @Test
  void goesOnFromATakeThatHadToBeRenderedAgain() throws IOException {
    Files.delete(fileOf(marker(0, "clip-00001.mp4")));
    Files.delete(fileOf(marker(1, "clip-00000.mp4")));

    assertRenderedAgain(List.of(0, 1));
    assertThat(Iterables.getLast(engines.takes()).start())
        .isEqualTo(Iterables.getLast(engines.ends().subList(0, engines.ends().size() - 1)).state());
  }

  @Test
  void joinsAgainWhenTheRecordOfTheVideoIsDamaged() throws IOException {
    Path marker =
        Iterables.getOnlyElement(
            workshop.stored("/video-").stream()
                .filter(file -> file.toString().endsWith(".json"))
                .toList());
    Files.write(workshop.video("a"), video);
    flipBit(fileOf(marker));

    assertRenderedAgain(List.of());
  }

  @Test
  void replacesATruncatedVideo() throws IOException {
    Files.write(workshop.video("a"), Arrays.copyOf(video, video.length / 2));

    assertRenderedAgain(List.of());
  }

  @Test
  void reportsAVideoWhoseContactSheetIsLostOrDamaged() throws IOException {
    workshop.run(OPTIONS);
    Path sheet = contactSheet();
    byte[] png = Files.readAllBytes(sheet);

    Files.write(sheet, new byte[png.length]);
    Workshop.Run damaged = workshop.run(OPTIONS);
    Files.delete(sheet);
    Workshop.Run lost = workshop.run(OPTIONS);
    Files.write(sheet, png);

    for (Workshop.Run run : List.of(damaged, lost)) {
      assertThat(run.result("a").path("untouched").asBoolean()).isTrue();
      assertThat(run.said()).contains("Nothing to do: the video is up to date.");
    }
  }

  private static Path contactSheet() throws IOException {
    Path marker =
        Iterables.getOnlyElement(
            workshop.stored("/video-").stream()
                .filter(file -> file.toString().endsWith(".json"))
                .toList());
    String location = new ObjectMapper().readTree(fileOf(marker).toFile()).path("sheet").asText();
    return workshop.workDir().resolve(location);
  }

  private void assertRenderedAgain(List<Integer> takes) throws IOException {
    Workshop.Run run = workshop.run(OPTIONS);

    assertThat(run.ids()).containsExactly("a");
    assertThat(run.result("a").path("untouched").asBoolean()).isFalse();
    assertThat(run.deadLetters()).isEmpty();
    assertThat(run.result("a").path("clipsReused").asInt()).isEqualTo(6 - 2 * takes.size());
    assertThat(engines.takes().stream().skip(takesBefore).map(OpenedTake::take).toList())
        .isEqualTo(takes);
    assertThat(Files.readAllBytes(workshop.video("a"))).isEqualTo(video);
  }

  private static void flipBit(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
  }

  /** Returns the file of an entry, which its marker names: earlier ones may still lie about. */
  private static Path fileOf(Path marker) throws IOException {
    String file = new ObjectMapper().readTree(marker.toFile()).path("file").asText();
    return marker.resolveSibling(file);
  }

  /** Returns the marker of an entry of a take. */
  private static Path marker(int take, String entry) throws IOException {
    String directory = "/take-%04d-".formatted(take);
    return Iterables.getOnlyElement(
        workshop.stored("/" + entry + ".json").stream()
            .filter(file -> file.toString().contains(directory))
            .toList());
  }
}
