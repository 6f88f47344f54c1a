package dev.longtake.pipeline.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.hash.Hashing;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.util.SerializableUtils;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every work store keeps to. A store's own test extends this. */
abstract class WorkStoreContract {
  private static final String NAME = "requests/abc/take-0003-def/clip-00042.mp4";
  private static final int COPY_BUFFER = 8192; // longer content takes more than one write

  @TempDir private Path directory;
  private WorkStore store;

  /** Returns an empty store. */
  abstract WorkStore newStore() throws IOException;

  /** Replaces the bytes of a file that the store holds, behind its back. */
  abstract void overwrite(WorkStore store, String location, byte[] bytes) throws IOException;

  /** Removes a file that the store holds, behind its back. */
  abstract void remove(WorkStore store, String location) throws IOException;

  /** Returns the location of every file below the root, temporary ones too. */
  abstract List<String> files(WorkStore store) throws IOException;

  /** Returns how many files a process leaves in the store that dies while it writes a blob. */
  abstract int leftoversOfACrash();

  @BeforeEach
  void openStore() throws IOException {
    store = newStore();
  }

  @Test
  void storesBlobsUnderTheirDigest() throws IOException {
    String location = store.put(stream("hello"));

    assertThat(location).isEqualTo("objects/" + sha256(bytes("hello")));
    assertThat(read(location)).isEqualTo("hello");
    assertThat(store.exists(location)).isTrue();
    assertThat(files(store)).containsExactly(location);
  }

  @Test
  void storesEqualBlobsOnce() throws IOException {
    String first = store.put(stream("same"));
    String second = store.put(file("same"));

    assertThat(second).isEqualTo(first);
    assertThat(files(store)).containsExactly(first);
  }

  @Test
  void storesAnEmptyBlobAndOneOfManyBuffers() throws IOException {
    byte[] large = new byte[3 * COPY_BUFFER + 1];
    new Random(1).nextBytes(large);

    String empty = store.put(InputStream.nullInputStream());
    String many = store.put(new ByteArrayInputStream(large));

    assertThat(read(empty)).isEmpty();
    try (InputStream content = store.openRead(many)) {
      assertThat(content.readAllBytes()).isEqualTo(large);
    }
  }

  @Test
  void commitsBytesAndTellsThemAgain() throws IOException {
    Committed committed = store.commit(NAME, file("clip"), "{\"frames\": 48}");

    assertThat(store.find(NAME)).contains(committed);
    assertThat(committed.digest()).isEqualTo(sha256(bytes("clip")));
    assertThat(committed.bytes()).isEqualTo(4);
    assertThat(read(committed.location())).isEqualTo("clip");
    assertThat(store.isIntact(committed)).isTrue();
    JsonNode marker = new ObjectMapper().readTree(committed.metadata());
    assertThat(marker.path("digest").asText()).isEqualTo(committed.digest());
    assertThat(marker.path("bytes").asLong()).isEqualTo(4);
    assertThat(marker.path("frames").asInt()).isEqualTo(48);
    assertThat(files(store)).containsExactlyInAnyOrder(committed.location(), NAME + ".json");
  }

  @Test
  void doesNotCountAnEntryWithoutItsMarker() throws IOException {
    Committed committed = store.commit(NAME, file("clip"), "{}");

    remove(store, NAME + ".json"); // as if the writer had died in between

    assertThat(store.exists(committed.location())).isTrue();
    assertThat(store.find(NAME)).isEmpty();
  }

  @Test
  void doesNotCountAnEntryWithoutItsFile() throws IOException {
    remove(store, store.commit(NAME, file("clip"), "{}").location());

    assertThat(store.find(NAME)).isEmpty();
  }

  @Test
  void doesNotCountATruncatedFile() throws IOException {
    Committed committed = store.commit(NAME, file("a clip"), "{}");

    overwrite(store, committed.location(), bytes("a cli"));

    assertThat(store.find(NAME)).isEmpty();
    assertThat(store.isIntact(committed)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "{", "[]", "null", "{}", "{\"digest\": \"../../x\", \"bytes\": 1}", "{\"x\""})
  void doesNotCountAMarkerThatIsNone(String marker) throws IOException {
    store.commit(NAME, file("clip"), "{}");

    overwrite(store, NAME + ".json", bytes(marker));

    assertThat(store.find(NAME)).isEmpty();
  }

  @Test
  void noticesDamageOfTheSameLengthWhenAsked() throws IOException {
    Committed committed = store.commit(NAME, file("clip"), "{}");

    overwrite(store, committed.location(), bytes("cliq"));

    assertThat(store.isIntact(committed)).isFalse();
    assertThat(read(committed.location())).isEqualTo("cliq");
    assertThatThrownBy(
            () -> {
              try (InputStream content =
                  store.openVerified(committed.location(), committed.digest())) {
                content.readAllBytes();
              }
            })
        .isInstanceOf(DamagedContentException.class)
        .hasMessageContaining(committed.location())
        .hasMessageContaining(committed.digest())
        .hasMessageContaining(sha256(bytes("cliq")));
  }

  @Test
  void mendsADamagedEntryByCommittingItAgain() throws IOException {
    Committed committed = store.commit(NAME, file("clip"), "{}");
    overwrite(store, committed.location(), bytes("cliq"));

    store.commit(NAME, file("clip"), "{}");

    assertThat(store.find(NAME)).contains(committed);
    assertThat(store.isIntact(committed)).isTrue();
  }

  @Test
  void lastCommitWinsAndTheEarlierBytesStayReadable() throws IOException {
    Committed first = store.commit(NAME, file("first"), "{}");
    Committed second = store.commit(NAME, file("second"), "{}");

    assertThat(store.find(NAME)).contains(second);
    assertThat(store.isIntact(first)).isTrue();
    assertThat(store.isIntact(second)).isTrue();
  }

  @Test
  void keepsNamesApartThatDifferInTheirEndingOnly() throws IOException {
    Committed video = store.commit("take/end.mp4", file("video"), "{}");
    Committed state = store.commit("take/end.safetensors", file("state"), "{}");
    Committed plain = store.commit("take.1/end", file("plain"), "{}");

    assertThat(store.find("take/end.mp4")).contains(video);
    assertThat(store.find("take/end.safetensors")).contains(state);
    assertThat(store.find("take.1/end")).contains(plain);
    assertThat(store.find("take/end")).isEmpty();
  }

  @Test
  void copiesOutOfTheStore() throws IOException {
    String location = store.put(stream("speech"));
    Path target = directory.resolve("new").resolve("copy.wav");

    store.copyTo(location, sha256(bytes("speech")), target);

    assertThat(target).hasContent("speech");
  }

  @Test
  void leavesTheTargetAloneIfACopyIsDamaged() throws IOException {
    String location = store.put(stream("speech"));
    Path target = Files.writeString(directory.resolve("copy.wav"), "before");

    assertThatThrownBy(() -> store.copyTo(location, sha256(bytes("other")), target))
        .isInstanceOf(DamagedContentException.class);

    assertThat(target).hasContent("before");
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(target);
    }
  }

  @Test
  void saysWhenThereIsNoSuchFile() throws IOException {
    assertThat(store.exists("objects/none")).isFalse();
    assertThat(store.find(NAME)).isEmpty();
    assertThatThrownBy(() -> store.openRead("objects/none"))
        .isInstanceOf(NoSuchFileException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "/a", "a/", "a//b", "..", "a/../b", "./a", ".a.tmp", "a b", "a\\b", "a\nb"})
  void refusesNamesThatCouldLeadOutOfTheRoot(String name) {
    assertThatThrownBy(() -> store.commit(name, file("x"), "{}"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.find(name)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store.openRead(name)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "[]", "null", "{\"digest\": 1}", "{\"bytes\": 1}"})
  void refusesMetadataThatIsNoObjectOfItsOwnAndWritesNothing(String metadata) throws IOException {
    assertThatThrownBy(() -> store.commit(NAME, file("x"), metadata))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("metadata");

    assertThat(files(store)).isEmpty();
  }

  @Test
  void leavesNothingOfABlobWhoseSourceFails() throws IOException {
    InputStream failing =
        new FilterInputStream(new ByteArrayInputStream(new byte[2 * COPY_BUFFER])) {
          @Override
          public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = super.read(buffer, offset, length);
            if (count < 0) {
              throw new IOException("source failed");
            }
            return count;
          }
        };

    assertThatThrownBy(() -> store.put(failing)).hasMessage("source failed");

    assertThat(files(store)).isEmpty();
  }

  @Test
  void readsFromACopyThatWasSerialized() throws IOException {
    String location = store.put(stream("hello"));

    WorkStore copy = SerializableUtils.clone(store);

    assertThat(copy.root()).isEqualTo(store.root());
    assertThat(copy).isEqualTo(store).hasSameHashCodeAs(store);
    assertThat(copy.exists(location)).isTrue();
    assertThat(WorkStores.open(store.root()).exists(location)).isTrue();
  }

  @Test
  void threadsThatRaceOnOneNameAllLeaveWholeFiles() throws Exception {
    int writers = 8;
    int rounds = 10;
    CyclicBarrier barrier = new CyclicBarrier(writers);
    ExecutorService threads = Executors.newFixedThreadPool(writers);
    try {
      List<Future<List<Committed>>> results = new ArrayList<>();
      for (int writer = 0; writer < writers; writer++) {
        Path content = file("x".repeat(COPY_BUFFER * writer + writer));
        Callable<List<Committed>> task =
            () -> {
              List<Committed> committed = new ArrayList<>();
              for (int round = 0; round < rounds; round++) {
                barrier.await(30, TimeUnit.SECONDS); // or a failed writer would stop them all
                committed.add(store.commit(NAME, content, "{}"));
                store.put(content);
              }
              return committed;
            };
        results.add(threads.submit(task));
      }
      for (Future<List<Committed>> result : results) {
        for (Committed committed : result.get()) {
          assertThat(store.isIntact(committed)).isTrue();
        }
      }
    } finally {
      threads.shutdownNow();
    }

    assertThat(store.find(NAME)).isPresent();
    assertThat(store.isIntact(store.find(NAME).orElseThrow())).isTrue();
    // For every writer a blob and a fragment; one marker; no temporary file.
    assertThat(files(store)).hasSize(2 * writers + 1);
  }

  @Test
  void processesThatRaceOnOneNameNeverShowAReaderHalfAnEntry() throws Exception {
    List<Process> writers = new ArrayList<>();
    int reads = 0;
    try {
      for (int writer = 0; writer < 3; writer++) {
        writers.add(StoreWriter.start("race", store.root(), directory, writer));
      }
      while (writers.stream().anyMatch(Process::isAlive)) {
        for (String name : StoreWriter.NAMES) {
          Committed found = store.find(name).orElse(null);
          if (found != null) {
            assertThat(store.isIntact(found)).as(name).isTrue();
            reads++;
          }
        }
      }
      for (Process writer : writers) {
        assertThat(writer.waitFor()).isZero();
      }
    } finally {
      writers.forEach(Process::destroyForcibly);
    }

    assertThat(reads).isPositive();
    for (String name : StoreWriter.NAMES) {
      assertThat(store.isIntact(store.find(name).orElseThrow())).as(name).isTrue();
    }
  }

  @Test
  void aProcessKilledAtAnyMomentLosesNothingThatItCommitted() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 6; round++) {
      List<String> reported = StoreWriter.killAtRandom(store.root(), directory, random);
      assertThat(reported).as("seed %d", seed).isNotEmpty();

      for (String name : reported) {
        Committed found = store.find(name).orElseThrow();
        assertThat(store.isIntact(found)).as("%s, seed %d", name, seed).isTrue();
      }
      for (String location : files(store)) {
        if (location.startsWith("objects/") && !location.endsWith(".tmp")) {
          try (InputStream blob = store.openRead(location)) {
            assertThat("objects/" + sha256(blob.readAllBytes()))
                .as("seed %d", seed)
                .isEqualTo(location);
          }
        }
      }
    }
    System.out.printf("kill seed %d%n", seed);
  }

  @Test
  void whatACrashLeavesIsIgnoredAndDeletedOnceOld() throws Exception {
    String kept = store.put(stream("kept"));
    Committed entry = store.commit(NAME, file("clip"), "{}");

    Process crashed = StoreWriter.start("crash", store.root(), directory, 0);

    assertThat(crashed.waitFor()).isEqualTo(StoreWriter.CRASHED);
    int left = 3 + leftoversOfACrash(); // blob, fragment, marker, and half a blob
    assertThat(files(store)).hasSize(left);
    assertThat(store.deleteLeftovers(Instant.now().minus(WorkStore.LEFTOVER_AGE))).isZero();
    assertThat(files(store)).hasSize(left);
    assertThat(store.deleteLeftovers(Instant.now().plusSeconds(60))).isEqualTo(leftoversOfACrash());
    assertThat(files(store)).containsExactlyInAnyOrder(kept, entry.location(), NAME + ".json");
  }

  @Test
  void hasNoLeftoversBeforeAnythingIsStored() throws IOException {
    assertThat(store.deleteLeftovers(Instant.now())).isZero();
  }

  static String sha256(byte[] bytes) {
    return Hashing.sha256().hashBytes(bytes).toString();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(bytes(text));
  }

  private Path file(String text) throws IOException {
    return Files.writeString(Files.createTempFile(directory, "input", ".bin"), text);
  }

  private String read(String location) throws IOException {
    try (InputStream content = store.openRead(location)) {
      return new String(content.readAllBytes(), UTF_8);
    }
  }
}
