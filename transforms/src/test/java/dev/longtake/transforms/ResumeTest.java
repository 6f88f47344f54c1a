package dev.longtake.transforms;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.store.WorkStores;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.transforms.render.TakeEntries;
import dev.longtake.transforms.settings.RenderSettings;
import dev.longtake.transforms.stitch.PublishedVideos;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run is killed again and again, and in the end has left what an undisturbed one leaves, without
 * having done twice what was committed.
 */
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class ResumeTest {
  private static final long SEED = 20240611;
  private static final int KILLS = 4;
  private static final int MOST_CLIPS_BETWEEN_KILLS = 7; // of 18
  private static final int MOST_MILLIS_AFTER_A_CLIP = 150;
  private static final String[] IDS = {"a", "b", "c"};

  @TempDir private static Path directory;
  private static Workshop undisturbed;
  private static Workshop.Run expected;

  private final Random random = new Random(SEED);
  private final FakeEngineProvider engines = new FakeEngineProvider();

  @BeforeAll
  static void runUndisturbed() throws IOException {
    undisturbed = inputs("undisturbed", new FakeEngineProvider());
    expected = undisturbed.run(KilledRun.OPTIONS);
  }

  /** Three videos of three takes of two clips. */
  private static Workshop inputs(String name, FakeEngineProvider provider) throws IOException {
    return Workshop.of(Files.createDirectory(directory.resolve(name)), provider)
        .picture()
        .voice("a", 6, 150)
        .voice("b", 6, 170)
        .voice("c", 6, 190)
        .requests(IDS);
  }

  @Test
  void killedRunsEndUpAsAnUndisturbedOne() throws Exception {
    Workshop workshop = inputs("killed", engines);
    engines.beforeClip(clip -> KilledRun.note(workshop.root(), clip));
    Map<String, PreparedRequest> requests = workshop.prepared(KilledRun.OPTIONS);
    int kills = 0;
    int takesKept = 0;
    Map<String, Object> finished = Map.of();
    for (int round = 0; round < KILLS; round++) {
      Set<String> committed = committedTakes(workshop, requests);
      takesKept = Math.max(takesKept, committed.size());
      int notesBefore = KilledRun.notes(workshop.root()).size();

      kills += runAndKill(workshop) ? 1 : 0;

      assertGeneratedNone(workshop, committed, notesBefore);
      assertWholeStore(workshop);
      assertThat(finishedVideos(workshop, requests)).containsAllEntriesOf(finished);
      finished = finishedVideos(workshop, requests);
    }
    Set<String> committed = committedTakes(workshop, requests);
    int notesBefore = KilledRun.notes(workshop.root()).size();
    assertThat(kills).as("kills that hit, of seed %s", SEED).isPositive();
    assertThat(Math.max(takesKept, committed.size())).as("takes that survived").isPositive();

    Workshop.Run run = workshop.run(KilledRun.OPTIONS);

    assertGeneratedNone(workshop, committed, notesBefore);
    assertThat(withoutTimes(run)).isEqualTo(withoutTimes(expected));
    for (String id : IDS) {
      assertThat(workshop.video(id)).hasSameBinaryContentAs(undisturbed.video(id));
    }
    assertThat(finishedVideos(workshop, requests)).containsAllEntriesOf(finished).hasSize(3);
    assertDoesNothingMore(workshop, requests);
  }

  private void assertDoesNothingMore(Workshop workshop, Map<String, PreparedRequest> requests)
      throws IOException {
    Map<String, Object> videos = finishedVideos(workshop, requests);
    List<String> notes = KilledRun.notes(workshop.root());

    Workshop.Run run = workshop.run(KilledRun.OPTIONS);

    assertThat(KilledRun.notes(workshop.root())).isEqualTo(notes);
    assertThat(finishedVideos(workshop, requests)).isEqualTo(videos);
    assertThat(run.said()).contains("Nothing to do: all 3 videos are up to date.");
    assertThat(withoutTimes(run)).isEqualTo(withoutTimes(expected));
  }

  /** Runs in another process, and returns whether it was killed before its end. */
  private boolean runAndKill(Workshop workshop) throws Exception {
    int clips = 1 + random.nextInt(MOST_CLIPS_BETWEEN_KILLS);
    int millis = random.nextInt(MOST_MILLIS_AFTER_A_CLIP);
    int enough = KilledRun.notes(workshop.root()).size() + clips;
    Process process =
        OtherProcess.start(workshop.root(), "256m", KilledRun.class, workshop.root().toString());
    try {
      while (KilledRun.notes(workshop.root()).size() < enough
          && !process.waitFor(5, TimeUnit.MILLISECONDS)) {
        assertNothingPartial(workshop);
      }
      boolean ended = process.waitFor(millis, TimeUnit.MILLISECONDS);
      assertThat(ended ? process.exitValue() : 0)
          .as(Files.readString(OtherProcess.said(workshop.root())))
          .isZero();
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertNothingPartial(workshop);
    return process.exitValue() != 0;
  }

  /** Checks that what has a video's name is that video, whole. */
  private static void assertNothingPartial(Workshop workshop) throws IOException {
    for (String id : IDS) {
      if (Files.exists(workshop.video(id))) {
        assertThat(workshop.video(id)).hasSize(Files.size(undisturbed.video(id)));
      }
    }
  }

  /** Checks that every object has its digest, and every marker its file. */
  private static void assertWholeStore(Workshop workshop) throws IOException {
    for (Path object : workshop.stored("objects/")) {
      if (!object.getFileName().toString().startsWith(".")) {
        assertThat(Workshop.sha256(object)).isEqualTo(object.getFileName().toString());
      }
    }
    for (Path marker : workshop.stored(".json")) {
      JsonNode json = new ObjectMapper().readTree(marker.toFile());
      Path file = marker.resolveSibling(json.path("file").asText());
      assertThat(Workshop.sha256(file)).isEqualTo(json.path("digest").asText());
    }
    for (String id : IDS) {
      if (Files.exists(workshop.video(id))) {
        assertThat(workshop.video(id)).hasSameBinaryContentAs(undisturbed.video(id));
      }
    }
  }

  /** Returns the takes that count, as they are noted. */
  private static Set<String> committedTakes(
      Workshop workshop, Map<String, PreparedRequest> requests) throws IOException {
    TakeEntries entries = new TakeEntries(WorkStores.open(workshop.workDir().toString()));
    Set<String> committed = new TreeSet<>();
    for (PreparedRequest request : requests.values()) {
      for (PlannedTake take : request.getTakes()) {
        if (entries.find(request, take).isPresent()) {
          committed.add(KilledRun.noteOf(request.getRequest().getId(), take.getIndex()));
        }
      }
    }
    return committed;
  }

  private static void assertGeneratedNone(Workshop workshop, Set<String> committed, int notesBefore)
      throws IOException {
    List<String> notes = KilledRun.notes(workshop.root());
    assertThat(notes.subList(notesBefore, notes.size()))
        .as("committed before: %s", committed)
        .noneMatch(note -> committed.contains(note.substring(0, note.lastIndexOf(' ') + 1)));
  }

  /** Returns what tells whether a finished video was touched, by id. */
  private Map<String, Object> finishedVideos(
      Workshop workshop, Map<String, PreparedRequest> requests) throws IOException {
    PublishedVideos published =
        new PublishedVideos(
            RenderSettings.of(workshop.options(KilledRun.OPTIONS), workshop.engines()));
    Map<String, Object> finished = new TreeMap<>();
    for (Map.Entry<String, PreparedRequest> request : requests.entrySet()) {
      if (published.find(request.getValue()).isPresent()) {
        finished.put(
            request.getKey(),
            Files.readAttributes(workshop.video(request.getKey()), "unix:ino,lastModifiedTime"));
      }
    }
    return finished;
  }

  private static List<JsonNode> withoutTimes(Workshop.Run run) {
    List<JsonNode> lines = new ArrayList<>();
    for (JsonNode line : run.results()) {
      ObjectNode kept = line.deepCopy();
      kept.put("output", Path.of(line.path("output").asText()).getFileName().toString());
      lines.add(kept.without(List.of("fps", "clipsReused", "untouched")));
    }
    return lines;
  }
}
