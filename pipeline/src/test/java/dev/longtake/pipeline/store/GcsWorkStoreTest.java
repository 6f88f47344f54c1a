package dev.longtake.pipeline.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.cloud.storage.BlobId;
import com.google.common.base.Throwables;
import dev.longtake.pipeline.testing.FakeGcsServer;
import dev.longtake.pipeline.testing.Fault;
import dev.longtake.pipeline.testing.FaultPlan;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a server over HTTP. */
class GcsWorkStoreTest extends WorkStoreContract {
  private static final String PLACE = "a-bucket/work dir/";

  /** More than the client reads or sends at once. */
  private static final int LARGE_BYTES = 5_000_000;

  @TempDir private Path directory;
  private FakeGcsServer server;

  @Override
  WorkStore newStore() throws IOException {
    server = FakeGcsServer.start();
    return WorkStores.open("gs://a-bucket/work%20dir");
  }

  @AfterEach
  void stopServer() {
    assertThat(server.refused()).as("calls for something else than an object").isZero();
    server.close();
  }

  @Override
  void overwrite(WorkStore store, String location, byte[] bytes) {
    server.objects().put(PLACE + location, bytes);
  }

  @Override
  void remove(WorkStore store, String location) {
    assertThat(server.objects().remove(PLACE + location)).isTrue();
  }

  @Override
  List<String> files(WorkStore store) {
    return List.copyOf(server.objects().below(PLACE));
  }

  @Override
  int leftoversOfACrash() {
    return 0;
  }

  @Test
  void losesAndDamagesNothingWhileOneCallInTwentyFails() throws Exception {
    WorkStore store = WorkStores.open("gs://a-bucket/work%20dir");
    long seed = System.nanoTime();
    System.out.printf("storage faults: seed %d%n", seed);
    Random random = new Random(seed);
    server.inject(FaultPlan.random(seed, 0.05, FaultPlan.PASSING));
    List<Committed> committed = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      byte[] bytes = new byte[random.nextInt(i % 30 == 0 ? LARGE_BYTES : 50_000)];
      random.nextBytes(bytes);
      Path file = Files.write(directory.resolve("content"), bytes);
      committed.add(store.commit("take/clip-%05d.mp4".formatted(i), file, "{}"));
      assertThat(store.put(file)).endsWith(sha256(bytes));
    }

    for (int i = 0; i < committed.size(); i++) {
      String name = "take/clip-%05d.mp4".formatted(i);
      assertThat(store.find(name)).as("%s, seed %d", name, seed).contains(committed.get(i));
      assertThat(store.isIntact(committed.get(i))).as("%s, seed %d", name, seed).isTrue();
      assertThat(server.objects().timesWritten(PLACE + committed.get(i).location())).isEqualTo(1);
      assertThat(server.objects().timesWritten(PLACE + name + ".json")).isEqualTo(1);
    }
    System.out.printf("storage faults: %s in %d calls%n", server.injected(), server.calls());
    assertThat(server.injected()).as("seed %d", seed).containsOnlyKeys(FaultPlan.PASSING);
  }

  @Test
  void writersThatRaceMakeOneObjectOfEqualBytes() throws Exception {
    WorkStore store = WorkStores.open("gs://a-bucket/work%20dir");
    int writers = 8;
    long seed = System.nanoTime();
    System.out.printf("racing writers: seed %d%n", seed);
    server.inject(FaultPlan.random(seed, 0.05, FaultPlan.PASSING));
    Path file = Files.writeString(directory.resolve("content"), "clip");
    CyclicBarrier barrier = new CyclicBarrier(writers);
    ExecutorService threads = Executors.newFixedThreadPool(writers);
    List<Future<Committed>> results = new ArrayList<>();
    for (int writer = 0; writer < writers; writer++) {
      results.add(
          threads.submit(
              () -> {
                barrier.await();
                return store.commit("take/clip.mp4", file, "{}");
              }));
    }
    for (Future<Committed> result : results) {
      Committed committed = result.get();
      assertThat(store.find("take/clip.mp4")).as("seed %d", seed).contains(committed);
    }
    threads.shutdown();

    String location = results.get(0).get().location();
    assertThat(server.objects().timesWritten(PLACE + location)).isEqualTo(1);
    assertThat(server.objects().timesWritten(PLACE + "take/clip.mp4.json")).isEqualTo(1);
  }

  @Test
  void goesOnWhereAnUploadWasTorn() throws IOException {
    WorkStore store = WorkStores.open("gs://a-bucket/work%20dir");
    byte[] bytes = random(LARGE_BYTES);
    server.inject(FaultPlan.next(Fault.TORN_REQUEST, Fault.TORN_REQUEST));

    String location = store.put(new ByteArrayInputStream(bytes));

    assertThat(server.injected()).containsEntry(Fault.TORN_REQUEST, 2);
    assertThat(server.objects().find(PLACE + location).orElseThrow().bytes()).isEqualTo(bytes);
  }

  @Test
  void uploadsAgainWhatCameWholeAndBecameNoObject() throws IOException {
    WorkStore store = WorkStores.open("gs://a-bucket/work%20dir");
    Path file = Files.writeString(directory.resolve("content"), "clip");
    server.inject(FaultPlan.next(Fault.UNFINISHED));
    Committed first = store.commit("take/clip.mp4", file, "{}");
    assertThat(server.injected()).containsEntry(Fault.UNFINISHED, 1);
    server.inject(FaultPlan.next(Fault.UNFINISHED)); // of the marker, for the bytes are there

    Committed second = store.commit("take/clip.mp4", file, "{\"again\": true}");

    assertThat(server.injected()).containsEntry(Fault.UNFINISHED, 2);
    assertThat(second.location()).isEqualTo(first.location());
    assertThat(store.find("take/clip.mp4")).contains(second);
    assertThat(store.isIntact(second)).isTrue();
    assertThat(server.objects().timesWritten(PLACE + first.location())).isEqualTo(1);
    assertThat(server.objects().timesWritten(PLACE + "take/clip.mp4.json")).isEqualTo(2);
  }

  @Test
  void goesOnWhereADownloadWasTorn() throws IOException {
    WorkStore store = WorkStores.open("gs://a-bucket/work%20dir");
    byte[] bytes = random(LARGE_BYTES);
    String location = store.put(new ByteArrayInputStream(bytes));
    server.inject(FaultPlan.next(Fault.TORN_RESPONSE, Fault.TORN_RESPONSE));

    try (InputStream content = store.openRead(location)) {
      assertThat(content.readAllBytes()).isEqualTo(bytes);
    }

    assertThat(server.injected()).containsEntry(Fault.TORN_RESPONSE, 2);
    assertThat(server.ranged()).isPositive();
  }

  @Test
  void refusesWhatIsDamagedOnItsWayOut() throws IOException {
    WorkStore store = WorkStores.open("gs://a-bucket/work%20dir");
    String location = store.put(new ByteArrayInputStream(random(100)));
    server.inject(FaultPlan.next(Fault.FLIPPED_RESPONSE));

    assertThatThrownBy(() -> readAll(store, location))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(location)
        .hasMessageContaining("CRC32C");
  }

  @Test
  void storesNothingThatIsDamagedOnItsWayIn() {
    WorkStore store = WorkStores.open("gs://a-bucket/work%20dir");
    server.inject(FaultPlan.next(Fault.FLIPPED_REQUEST));

    assertThatThrownBy(() -> store.put(new ByteArrayInputStream(random(100))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("could not write")
        .hasMessageContaining("400");

    assertThat(files(store)).isEmpty();
  }

  @Test
  void tellsNobodyWhereAFailedUploadCanBeGoneOnWith() {
    WorkStore store = WorkStores.open("gs://a-bucket/work%20dir");
    server.inject(FaultPlan.next(Fault.FLIPPED_REQUEST));

    Throwable failure =
        catchThrowable(() -> store.put(new ByteArrayInputStream(random(LARGE_BYTES))));

    String log = Throwables.getStackTraceAsString(failure);
    assertThat(log).contains("StorageException", "HttpResponseException", "upload_id=…");
    assertThat(server.sessions()).hasSize(1).allSatisfy(id -> assertThat(log).doesNotContain(id));
  }

  @Test
  void asksAgainWhenNoAnswerComes() throws IOException {
    GcsObjects objects = GcsObjects.open(server.endpoint(), Duration.ofMillis(300));
    server.inject(FaultPlan.next(Fault.TIMEOUT));
    Path file = Files.writeString(directory.resolve("content"), "late");

    objects.put(BlobId.of("a-bucket", "late"), LocalContent.of(file));

    assertThat(server.injected()).containsEntry(Fault.TIMEOUT, 1);
    assertThat(server.objects().find("a-bucket/late").orElseThrow().bytes())
        .isEqualTo("late".getBytes(UTF_8));
  }

  @Test
  void publishesAndReadsByUri() throws IOException {
    Path video = Files.writeString(directory.resolve("video.mp4"), "video");
    String destination = "gs://a-bucket/out/a [1] 100%25.mp4";
    server.objects().put("a-bucket/out/a [1] 100%25.mp4", "an older video".getBytes(UTF_8));

    String digest = Publisher.publish(video, destination);

    assertThat(digest).isEqualTo(sha256("video".getBytes(UTF_8)));
    assertThat(Publisher.lengthOf(destination)).isEqualTo(5);
    assertThat(Publisher.lengthOf("gs://a-bucket/out/none")).isEqualTo(-1);
    try (InputStream content = RemoteFiles.open(destination)) {
      assertThat(content.readAllBytes()).isEqualTo("video".getBytes(UTF_8));
    }
    assertThatThrownBy(() -> RemoteFiles.open("gs://a-bucket/none"))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> RemoteFiles.open("gs://a-bucket"))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("gs://<bucket>/");
  }

  @Test
  void uploadsNothingThatIsThere() throws IOException {
    WorkStore store = WorkStores.open("gs://a-bucket/work%20dir");
    String location = store.put(new ByteArrayInputStream(random(100)));
    int calls = server.calls();

    store.put(new ByteArrayInputStream(random(100)));

    assertThat(server.calls()).isEqualTo(calls + 1);
    assertThat(server.objects().timesWritten(PLACE + location)).isEqualTo(1);
  }

  private static void readAll(WorkStore store, String location) throws IOException {
    try (InputStream content = store.openRead(location)) {
      content.readAllBytes();
    }
  }

  private static byte[] random(int count) {
    byte[] bytes = new byte[count];
    new Random(1).nextBytes(bytes);
    return bytes;
  }
}
