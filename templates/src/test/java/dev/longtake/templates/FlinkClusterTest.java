package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.hash.Hashing;
import dev.longtake.pipeline.spi.RunMetric;
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
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A manifest of 12 short videos on a cluster of real processes: two workers of different memory.
 * What is rendered is the tiny checkpoint of the golden bundle: noise, but noise that depends on
 * every input.
 *
 * <p>{@code -Dlongtake.killRounds=10} kills a worker in as many runs; one unless said otherwise.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
class FlinkClusterTest {
  private static final int VIDEOS = 12;
  private static final int RACED_VIDEOS = 3;
  private static final int MOST_TAKES_BEFORE_A_KILL = 4;
  private static final int MOST_MILLIS_BEFORE_A_KILL = 1000;
  private static final int MILLIS_BETWEEN_LOOKS = 20;
  private static final String METRICS = "flink_taskmanager_longtake_";
  private static final Pattern OPENED_WITH = Pattern.compile("Opened .*: strategy (\\w+) ");

  private Path directory;
  private RenderJobs jobs;
  private Map<String, String> reference;
  private List<Map<String, String>> memoryOfWorkers;
  private LocalCluster cluster;

  @BeforeAll
  void renderTheReferenceAndStartACluster(@TempDir Path forAll) throws Exception {
    directory = forAll;
    jobs = RenderJobs.prepare(directory.resolve("jobs"), VIDEOS);
    try (RenderJobs.Job job = jobs.start("reference")) {
      assertThat(job.exitCode()).as(job.said()).isZero();
    }
    reference = videos(jobs.output("reference"));
    assertThat(reference).hasSize(VIDEOS);
    memoryOfWorkers =
        List.of(
            Map.of("LONGTAKE_CPU_DEVICES", "1x24GiB"),
            Map.of("LONGTAKE_CPU_DEVICES", "1x" + RenderJobs.tooLittleForResident()));
    cluster = new LocalCluster(directory.resolve("cluster"));
    cluster.start(memoryOfWorkers);
  }

  @AfterAll
  void stop() throws Exception {
    cluster.close();
  }

  /** The second job uses the native libraries that the first one has loaded. */
  @Test
  void twoJobsInARowGiveTheDirectRunnersBytesWithTheStrategyOfEachWorkersMemory() throws Exception {
    Map<String, Double> before = counted();
    for (String output : List.of("first", "second")) {
      try (RenderJobs.Job job = jobs.start(output, onCluster())) {
        assertThat(job.exitCode()).as(job.said()).isZero();
      }
      assertThat(videos(jobs.output(output))).isEqualTo(reference);
    }
    assertThat(strategies(cluster.log("worker-1"))).containsOnly("resident");
    assertThat(strategies(cluster.log("worker-2"))).containsOnly("offload");

    Map<String, Double> counted = counted();
    before.forEach((name, value) -> counted.merge(name, -value, Double::sum));
    for (RunMetric metric : RunMetric.values()) {
      assertThat(counted.keySet()).anyMatch(name -> name.startsWith(metric.text()));
    }
    double clips = 2.0 * VIDEOS * RenderJobs.CLIPS_OF_A_VIDEO;
    assertThat(counted)
        .containsEntry("videosFinished", 2.0 * VIDEOS)
        .containsEntry("clipsRendered", clips)
        .containsEntry("clipsReused", 0.0)
        .containsEntry("requestsFailed", 0.0)
        .containsEntry("deviceFaults", 0.0);
    assertThat(counted.get("takesRendered_resident") + counted.get("takesRendered_offload"))
        .isEqualTo(2.0 * VIDEOS);
    assertThat(counted.get("framesRendered")).isEqualTo(counted.get("videoMillisRendered") / 40);
    assertThat(counted.get("renderMillis")).isPositive();
    assertThat(counted.get("bytesCopied")).isPositive();
    assertThat(cluster.metrics().get(METRICS + "devicePeakBytes")).isBetween(1e7, 1e9);
  }

  /** Returns what workers have counted, by the names of {@link RunMetric}. */
  private Map<String, Double> counted() throws Exception {
    Map<String, Double> counted = new TreeMap<>();
    cluster
        .metrics()
        .forEach(
            (name, value) -> {
              if (name.startsWith(METRICS)) {
                counted.put(name.substring(METRICS.length()), value);
              }
            });
    return counted;
  }

  static LongStream seeds() {
    return LongStream.generate(System::nanoTime)
        .limit(Integer.getInteger("longtake.killRounds", 1));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void aJobOutlivesAKilledWorker(long seed) throws Exception {
    Random random = new Random(seed);
    String output = "killed-worker-" + seed;
    int victim = 1 + random.nextInt(memoryOfWorkers.size());
    try (RenderJobs.Job job = jobs.start(output, onCluster())) {
      awaitTakes(job, output, random);
      cluster.kill("worker-" + victim);
      Map<String, String> committed = committed(output);
      assertPublishedAreWhole(output);
      cluster.worker(victim, memoryOfWorkers.get(victim - 1));
      while (!job.hasEnded(MILLIS_BETWEEN_LOOKS)) {
        assertPublishedAreWhole(output);
      }
      assertThat(job.exitCode()).as(job.said()).isZero();
      assertThat(committed(output)).containsAllEntriesOf(committed).hasSize(VIDEOS);
      System.out.printf(
          "Seed %d: worker %d killed with %d of %d takes committed: all holds%n",
          seed, victim, committed.size(), VIDEOS);
    }
    assertThat(videos(jobs.output(output))).isEqualTo(reference);
  }

  /** The workers live on, and find the new manager by themselves. */
  @Test
  void theSameJobAgainFinishesWhatAKilledManagerLeft() throws Exception {
    String output = "killed-manager";
    Map<String, String> committed;
    try (RenderJobs.Job job = jobs.start(output, onCluster())) {
      long seed = System.nanoTime();
      System.out.println("Seed of the moment when the manager is killed: " + seed);
      awaitTakes(job, output, new Random(seed));
      cluster.kill("manager");
      committed = committed(output);
    }
    cluster.manager();
    cluster.await(memoryOfWorkers.size());
    try (RenderJobs.Job job = jobs.start(output, onCluster())) {
      assertThat(job.exitCode()).as(job.said()).isZero();
    }

    assertThat(committed(output)).containsAllEntriesOf(committed).hasSize(VIDEOS);
    assertThat(videos(jobs.output(output))).isEqualTo(reference);
  }

  /** Neither leases a device: both render, and may commit the same take at the same moment. */
  @Test
  void processesThatRaceForTakesLeaveOneOfEach() throws Exception {
    RenderJobs few = RenderJobs.prepare(directory.resolve("few"), RACED_VIDEOS);
    try (RenderJobs.Job one = few.start("race");
        RenderJobs.Job other = few.start("race")) {
      assertThat(one.exitCode()).as(one.said()).isZero();
      assertThat(other.exitCode()).as(other.said()).isZero();
    }

    Map<String, String> videos = videos(few.output("race"));
    assertThat(videos).hasSize(RACED_VIDEOS);
    assertThat(reference).containsAllEntriesOf(videos);
    Set<String> fragments = fragments(few.output("race"));
    assertThat(fragments).hasSize(RACED_VIDEOS * RenderJobs.CLIPS_OF_A_VIDEO);
    assertThat(fragments(jobs.output("reference"))).containsAll(fragments);
  }

  /** Returns the strategies that a worker says it has opened engines with. */
  private static Set<String> strategies(String log) {
    return OPENED_WITH.matcher(log).results().map(opened -> opened.group(1)).collect(toSet());
  }

  private String[] onCluster() {
    return new String[] {"--runner=FlinkRunner", "--flinkMaster=" + cluster.master()};
  }

  /** Waits until a random number of takes is committed, and a random moment more. */
  private void awaitTakes(RenderJobs.Job job, String output, Random random) throws Exception {
    int takes = 1 + random.nextInt(MOST_TAKES_BEFORE_A_KILL);
    while (committed(output).size() < takes) {
      assertThat(job.hasEnded(MILLIS_BETWEEN_LOOKS)).as("ended: %s", job.said()).isFalse();
      assertPublishedAreWhole(output);
    }
    assertThat(job.hasEnded(random.nextInt(MOST_MILLIS_BEFORE_A_KILL)))
        .as("ended: %s", job.said())
        .isFalse();
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

  private static Set<String> fragments(Path output) {
    Path store = output.resolve(".longtake-work");
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
