package dev.longtake.pipeline.spi;

import static com.google.common.collect.ImmutableList.toImmutableList;

import com.google.common.collect.ImmutableList;
import java.util.List;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.metrics.MetricsContainer;
import org.apache.beam.sdk.metrics.MetricsEnvironment;
import org.apache.beam.sdk.metrics.MetricsEnvironment.MetricsEnvironmentState;

/**
 * What a run counts, by Beam's metrics, and a process by {@link RunTotals}; all names there are.
 *
 * <p>All but one are counters: Beam's Flink runner hands distributions on as objects that no
 * reporter of Flink understands, and a ratio such as the real-time factor is worked out over any
 * time from two counters. Beam has no labels, so a kind is part of the name. A bundle that is
 * repeated counts again what it does again.
 */
public enum RunMetric {
  /** Finished videos, those among them that were there already. */
  VIDEOS_FINISHED("videosFinished"),
  /** Requests that became dead letters. */
  REQUESTS_FAILED("requestsFailed"),
  /** Clips that were rendered. */
  CLIPS_RENDERED("clipsRendered"),
  /** Clips that were found in the work store. */
  CLIPS_REUSED("clipsReused"),
  /** Frames that were rendered. */
  FRAMES_RENDERED("framesRendered"),
  /** Milliseconds of video that were rendered. */
  VIDEO_MILLIS("videoMillisRendered"),
  /** Milliseconds of a lane that rendering took. By those of video: the real-time factor. */
  RENDER_MILLIS("renderMillis"),
  /** Bytes of fragments that were committed to the work store. */
  BYTES_COMMITTED("bytesCommitted"),
  /** Takes that were rendered, by strategy. */
  TAKES_RENDERED("takesRendered", List.of()),
  /** A gauge: most bytes of a device's memory that were in use at once. */
  DEVICE_PEAK_BYTES("devicePeakBytes"),
  /** Bytes of weights and caches that were copied between host memory and devices. */
  BYTES_COPIED("bytesCopied"),
  /** Devices that broke down with a take. */
  DEVICE_FAULTS("deviceFaults"),
  /**
   * What was done again, by what had gone wrong: {@code device} takes on another device, {@code
   * storage} calls to the storage service.
   */
  RETRIES("retries", List.of("device", "storage"));

  /** Of all names. */
  public static final String NAMESPACE = "longtake";

  private final String text;
  private final ImmutableList<String> names;

  RunMetric(String text) {
    this.text = text;
    this.names = ImmutableList.of(text);
  }

  RunMetric(String text, List<String> kindsKnown) {
    this.text = text;
    this.names = kindsKnown.stream().map(this::name).collect(toImmutableList());
  }

  /**
   * Returns the name within {@link #NAMESPACE}; of a metric by kind, what all its names begin with.
   */
  public String text() {
    return text;
  }

  /** Returns the names that can be told before anything was counted. */
  ImmutableList<String> names() {
    return names;
  }

  /** Counts. */
  public void add(long count) {
    add(text, count);
  }

  /** Counts by kind, for example {@code takesRendered_resident}. */
  public void addOf(String kind, long count) {
    add(name(kind), count);
  }

  /** Says of a gauge what was reached. */
  public void reached(long value) {
    RunTotals.ofThisProcess().reached(text, value);
    if (worksForARun()) {
      Metrics.gauge(NAMESPACE, text).set(value);
    }
  }

  private String name(String kind) {
    return text + "_" + kind.replaceAll("[^A-Za-z0-9]", "_");
  }

  private static void add(String name, long count) {
    RunTotals.ofThisProcess().add(name, count);
    if (worksForARun()) {
      Metrics.counter(NAMESPACE, name).inc(count);
    }
  }

  /** Returns whether what this thread counts belongs to a run; Beam complains where it does not. */
  private static boolean worksForARun() {
    MetricsEnvironmentState thread =
        MetricsEnvironment.getMetricsEnvironmentStateForCurrentThread();
    MetricsContainer container = thread.activate(null);
    thread.activate(container);
    return container != null;
  }
}
