package dev.longtake.transforms.split;

import com.google.common.hash.Hashing;
import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.spi.SpeechEnvelope;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.TreeMap;

/**
 * Many workers and takes with faults, in virtual time and without media. Where videos are cut and
 * which takes share a key is decided by the pipeline's own code; how long takes last, when workers
 * die and how keys are dealt is modelled.
 *
 * <p>Model: keys are dealt to workers by hash before anything is rendered, as Flink does it. A
 * worker renders its keys one after the other, takes of a key in order. It dies at exponentially
 * distributed moments; when it is back it begins the take anew that it was at, and finds those
 * before it in the work store. What one worker's death does to others is left out.
 */
final class ClusterSimulation {
  private static final double TAKE_SECONDS = 60;
  private static final double SECONDS_TO_RESTART = 30;

  /** Of rendering for a second of video: 25 frames at the 17.6 a second that an H200 makes. */
  private static final double SLOWNESS = 25 / 17.6;

  private static final double SHORTEST_VIDEO_SECONDS = 20;
  private static final double MEDIAN_VIDEO_SECONDS = 300;
  private static final double VIDEO_SPREAD = 0.8;

  private final int workers;
  private final long seed;
  private final List<int[]> videos = new ArrayList<>();
  private int takes;
  private double planningNanos;

  /** Plans videos until there are so many takes. */
  ClusterSimulation(int workers, int takesWanted, long seed) {
    this.workers = workers;
    this.seed = seed;
    Random random = new Random(seed);
    SilenceTakePlanner planner = new SilenceTakePlanner(TAKE_SECONDS);
    while (takes < takesWanted) {
      SpeechEnvelope speech = speech(random);
      long before = System.nanoTime();
      List<FrameRange> plan = planner.plan(speech);
      planningNanos += System.nanoTime() - before;
      videos.add(plan.stream().mapToInt(FrameRange::count).toArray());
      takes += plan.size();
    }
  }

  /**
   * What came of a run.
   *
   * @param keys that were dealt
   * @param idealSeconds all rendering, evenly on all workers, without faults
   * @param seconds until the last take was committed
   * @param halfIdleSeconds of these, when more than half of the workers had nothing left
   * @param busyShare of the workers' time until the end
   * @param faults workers that died
   * @param lostSeconds of rendering that was done again, in all
   * @param mostLostSeconds by one fault
   * @param committed takes, each once
   * @param dealingMicros wall time to route a take and to choose its worker
   */
  record Result(
      int keys,
      double idealSeconds,
      double seconds,
      double halfIdleSeconds,
      double busyShare,
      int faults,
      double lostSeconds,
      double mostLostSeconds,
      int committed,
      double dealingMicros) {}

  int takes() {
    return takes;
  }

  int videos() {
    return videos.size();
  }

  double planningMicrosPerTake() {
    return planningNanos / 1e3 / takes;
  }

  /** Renders everything with workers that die once in {@code hoursBetweenFaults} on average. */
  Result run(ClipRouting routing, double hoursBetweenFaults) {
    long before = System.nanoTime();
    Map<String, List<Integer>> keys = new TreeMap<>();
    for (int video = 0; video < videos.size(); video++) {
      for (int take = 0; take < videos.get(video).length; take++) {
        keys.computeIfAbsent(
                routing.key("video-%06d".formatted(video), take), key -> new ArrayList<>())
            .add(videos.get(video)[take]);
      }
    }
    List<List<Integer>> dealt = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      dealt.add(new ArrayList<>());
    }
    keys.forEach((key, frames) -> dealt.get(workerOf(key)).addAll(frames));
    double dealingMicros = (System.nanoTime() - before) / 1e3 / takes;

    Random random = new Random(seed + 1);
    double work = 0;
    int faults = 0;
    int committed = 0;
    double lost = 0;
    double mostLost = 0;
    double[] ends = new double[workers];
    PriorityQueue<Event> events = new PriorityQueue<>();
    double[] dies = new double[workers];
    int[] next = new int[workers];
    for (int worker = 0; worker < workers; worker++) {
      dies[worker] = untilFault(random, hoursBetweenFaults);
      events.add(new Event(0, worker));
    }
    while (!events.isEmpty()) {
      Event event = events.poll();
      int worker = event.worker();
      if (next[worker] == dealt.get(worker).size()) {
        ends[worker] = event.at();
        continue;
      }
      double seconds =
          dealt.get(worker).get(next[worker])
              / (double) SpeechEnvelope.FRAMES_PER_SECOND
              * SLOWNESS;
      double done = event.at() + seconds;
      if (done <= dies[worker]) {
        next[worker]++;
        committed++;
        work += seconds;
        events.add(new Event(done, worker));
        continue;
      }
      double begun = Math.max(0, dies[worker] - event.at());
      faults++;
      lost += begun;
      mostLost = Math.max(mostLost, begun);
      double back = Math.max(event.at(), dies[worker]) + SECONDS_TO_RESTART;
      dies[worker] = back + untilFault(random, hoursBetweenFaults);
      events.add(new Event(back, worker));
    }
    double[] inOrder = ends.clone();
    Arrays.sort(inOrder);
    double end = inOrder[workers - 1];
    return new Result(
        keys.size(),
        work / workers,
        end,
        end - inOrder[workers / 2],
        work / (end * workers),
        faults,
        lost,
        mostLost,
        committed,
        dealingMicros);
  }

  private record Event(double at, int worker) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Double.compare(at, other.at);
      return byTime != 0 ? byTime : Integer.compare(worker, other.worker);
    }
  }

  private int workerOf(String key) {
    int hash = Hashing.murmur3_32_fixed().hashString(key, StandardCharsets.UTF_8).asInt();
    return Math.floorMod(hash, workers);
  }

  private static double untilFault(Random random, double hours) {
    return -Math.log(1 - random.nextDouble()) * hours * 3600;
  }

  /** Speaks in sentences of some seconds with pauses between them. */
  private static SpeechEnvelope speech(Random random) {
    double seconds =
        Math.max(
            SHORTEST_VIDEO_SECONDS,
            MEDIAN_VIDEO_SECONDS * Math.exp(VIDEO_SPREAD * random.nextGaussian()));
    int frames = (int) Math.round(seconds * SpeechEnvelope.FRAMES_PER_SECOND);
    float[] energy =
        new float[frames * SpeechEnvelope.WINDOWS_PER_SECOND / SpeechEnvelope.FRAMES_PER_SECOND];
    int window = 0;
    while (window < energy.length) {
      int sentenceEnd = window + 100 + random.nextInt(600);
      while (window < Math.min(sentenceEnd, energy.length)) {
        energy[window] = 0.01f + 0.1f * random.nextFloat();
        window++;
      }
      window += 20 + random.nextInt(60);
    }
    return new SpeechEnvelope(frames, energy);
  }

  /** Simulates with {@code workers takes seed} and prints a page. */
  public static void main(String[] arguments) {
    int workers = Integer.parseInt(arguments[0]);
    int takes = Integer.parseInt(arguments[1]);
    long seed = Long.parseLong(arguments[2]);
    ClusterSimulation simulation = new ClusterSimulation(workers, takes, seed);
    System.out.printf(
        "%d workers, %d videos, %d takes, seed %d%n",
        workers, simulation.videos(), simulation.takes(), seed);
    System.out.printf(
        "planning a take: %.0f us, on one thread%n%n", simulation.planningMicrosPerTake());
    System.out.println(
        "continuity  MTBF h    keys  dealing us  ideal h  took h  half idle h   busy  faults  lost"
            + " s a fault  most lost s");
    for (double hours : new double[] {1e9, 24, 4}) {
      for (ClipRouting routing : ClipRouting.values()) {
        Result result = simulation.run(routing, hours);
        System.out.printf(
            "%-10s %7s %7d %11.1f %8.2f %7.2f %12.2f %5.1f%% %7d %15.1f %12.1f%n",
            routing == ClipRouting.BY_REQUEST ? "carry" : "parallel",
            hours > 1e6 ? "never" : "%.0f".formatted(hours),
            result.keys(),
            result.dealingMicros(),
            result.idealSeconds() / 3600,
            result.seconds() / 3600,
            result.halfIdleSeconds() / 3600,
            100 * result.busyShare(),
            result.faults(),
            result.faults() == 0 ? 0 : result.lostSeconds() / result.faults(),
            result.mostLostSeconds());
      }
    }
  }
}
