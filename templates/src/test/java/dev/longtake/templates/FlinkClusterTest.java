package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.hash.Hashing;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A manifest of 12 short videos on a cluster of real processes. What is rendered is the tiny
 * checkpoint of the golden bundle: noise, but noise that depends on every input.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class FlinkClusterTest {
  private static final int VIDEOS = 12;
  private static final Pattern OPENED_WITH = Pattern.compile("Opened .*: strategy (\\w+) ");
  private static final Map<String, String> NO_VARIABLES = Map.of();

  /** Enough for 'offload' at this size, and too little for 'resident', which needs 51 MiB. */
  private static final String SMALL_MEMORY = "50MiB";

  private Path directory;
  private RenderJobs jobs;
  private Map<String, String> reference;
  private LocalCluster cluster;

  @BeforeAll
  void renderTheReferenceAndStartACluster(@TempDir Path forAll) throws Exception {
    directory = forAll;
    jobs = RenderJobs.prepare(directory, VIDEOS);
    try (RenderJobs.Job job = jobs.start("reference")) {
      assertThat(job.exitCode()).as(job.said()).isZero();
    }
    reference = videos(jobs.output("reference"));
    assertThat(reference).hasSize(VIDEOS);
    cluster = new LocalCluster(directory.resolve("cluster"));
    cluster.start(2, NO_VARIABLES);
  }

  @AfterAll
  void stop() throws Exception {
    cluster.close();
  }

  /** The second job uses the native libraries that the first one has loaded. */
  @Test
  void twoJobsInARowGiveTheDirectRunnersBytes() throws Exception {
    for (String output : List.of("first", "second")) {
      try (RenderJobs.Job job = jobs.start(output, onCluster())) {
        assertThat(job.exitCode()).as(job.said()).isZero();
      }
      assertThat(videos(jobs.output(output))).isEqualTo(reference);
    }
  }

  @Test
  void aJobOutlivesAKilledWorker() throws Exception {
    Random random = new Random(seed());
    for (int round = 0; round < 2; round++) {
      String output = "killed-worker-" + round;
      int victim = 1 + random.nextInt(2);
      try (RenderJobs.Job job = jobs.start(output, onCluster())) {
        awaitTakes(job, output, 1 + random.nextInt(VIDEOS / 2), random);
        cluster.kill("worker-" + victim);
        Map<String, String> committed = committed(output);
        assertPublishedAreWhole(output);
        cluster.worker(victim, NO_VARIABLES);
        while (job.isRunning()) {
          assertPublishedAreWhole(output);
        }
        assertThat(job.exitCode()).as(job.said()).isZero();
        assertThat(committed(output)).containsAllEntriesOf(committed).hasSize(VIDEOS);
      }
      assertThat(videos(jobs.output(output))).isEqualTo(reference);
    }
  }

  @Test
  void theSameJobAgainFinishesWhatAKilledManagerLeft() throws Exception {
    Random random = new Random(seed());
    String output = "killed-manager";
    Map<String, String> committed;
    try (RenderJobs.Job job = jobs.start(output, onCluster())) {
      awaitTakes(job, output, 1 + random.nextInt(VIDEOS / 2), random);
      cluster.kill("manager");
      committed = committed(output);
    }
    cluster.stop();
    cluster.start(2, NO_VARIABLES);
    try (RenderJobs.Job job = jobs.start(output, onCluster())) {
      assertThat(job.exitCode()).as(job.said()).isZero();
    }

    assertThat(committed(output)).containsAllEntriesOf(committed).hasSize(VIDEOS);
    assertThat(videos(jobs.output(output))).isEqualTo(reference);
  }

  @Test
  void eachWorkerChoosesTheStrategyForItsOwnMemory() throws Exception {
    String output = "mixed";
    try (LocalCluster mixed = new LocalCluster(directory.resolve("mixed-cluster"))) {
      mixed.start(1, Map.of("LONGTAKE_CPU_DEVICES", "1x24GiB"));
      mixed.worker(2, Map.of("LONGTAKE_CPU_DEVICES", "1x" + SMALL_MEMORY));
      mixed.await(2);
      try (RenderJobs.Job job =
          jobs.start(output, "--runner=FlinkRunner", "--flinkMaster=" + mixed.master())) {
        assertThat(job.exitCode()).as(job.said()).isZero();
      }
      assertThat(strategies(mixed.log("worker-1"))).containsOnly("resident");
      assertThat(strategies(mixed.log("worker-2"))).containsOnly("offload");
    }
    assertThat(videos(jobs.output(output))).isEqualTo(reference);
  }

  /** Neither leases a device: both render, and may commit the same take at the same moment. */
  @Test
  void processesThatRaceForTakesLeaveOneOfEach() throws Exception {
    try (RenderJobs.Job one = jobs.start("race");
        RenderJobs.Job other = jobs.start("race")) {
      assertThat(one.exitCode()).as(one.said()).isZero();
      assertThat(other.exitCode()).as(other.said()).isZero();
    }

    assertThat(videos(jobs.output("race"))).isEqualTo(reference);
    assertThat(fragments("race")).isEqualTo(fragments("reference"));
  }

  /** Returns the strategies that a worker says it has opened engines with. */
  private static Set<String> strategies(String log) {
    return OPENED_WITH.matcher(log).results().map(opened -> opened.group(1)).collect(toSet());
  }

  private String[] onCluster() {
    return new String[] {"--runner=FlinkRunner", "--flinkMaster=" + cluster.master()};
  }

  private static long seed() {
    long seed = System.nanoTime();
    System.out.println("FlinkClusterTest: seed " + seed);
    return seed;
  }

  /** Waits until so many takes are committed, and a random moment more. */
  private void awaitTakes(RenderJobs.Job job, String output, int takes, Random random)
      throws Exception {
    while (committed(output).size() < takes) {
      assertThat(job.isRunning()).as("%s has ended: %s", output, job.said()).isTrue();
      assertPublishedAreWhole(output);
    }
    TimeUnit.MILLISECONDS.sleep(random.nextInt(2000));
  }

  private void assertPublishedAreWhole(String output) throws IOException {
    assertThat(reference.entrySet()).containsAll(videos(jobs.output(output)).entrySet());
  }

  /** Returns the digests of what is there under a video's name. */
  private static Map<String, String> videos(Path output) throws IOException {
    try (Stream<Path> files = Files.list(output)) {
      return files
          .filter(file -> file.toString().endsWith(".mp4"))
          .collect(toMap(file -> file.getFileName().toString(), FlinkClusterTest::digest));
    }
  }

  /** Returns the records of finished takes: how, when and how fast each was made. */
  private Map<String, String> committed(String output) throws IOException {
    Path store = jobs.output(output).resolve(".longtake-work");
    Map<String, String> records = new TreeMap<>();
    for (Path file : stored(store, "take.json")) {
      records.put(store.relativize(file).toString(), Files.readString(file, UTF_8));
    }
    return records;
  }

  private Set<String> fragments(String output) {
    Path store = jobs.output(output).resolve(".longtake-work");
    return stored(store, ".mp4").stream()
        .map(file -> store.relativize(file).toString())
        .collect(toSet());
  }

  /** Returns the files below a directory in which others write and delete meanwhile. */
  private static List<Path> stored(Path directory, String end) {
    List<Path> found = new ArrayList<>();
    File[] files = directory.toFile().listFiles();
    for (File file : files == null ? new File[0] : files) {
      if (file.isDirectory()) {
        found.addAll(stored(file.toPath(), end));
      } else if (file.getName().endsWith(end)) {
        found.add(file.toPath());
      }
    }
    return found;
  }

  private static String digest(Path file) {
    try {
      return Hashing.sha256().hashBytes(Files.readAllBytes(file)).toString();
    } catch (IOException e) {
      throw new AssertionError(file + " was there", e);
    }
  }
}
