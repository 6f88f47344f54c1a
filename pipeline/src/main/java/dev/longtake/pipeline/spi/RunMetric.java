package dev.longtake.pipeline.spi;

import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Gauge;
import org.apache.beam.sdk.metrics.Metrics;

/**
 * What a run counts, by Beam's metrics; all names there are.
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
  TAKES_RENDERED("takesRendered"),
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
  RETRIES("retries");

  /** Of all names. */
  public static final String NAMESPACE = "longtake";

  private final String text;

  RunMetric(String text) {
    this.text = text;
  }

  /**
   * Returns the name within {@link #NAMESPACE}; of a metric by kind, what all its names begin with.
   */
  public String text() {
    return text;
  }

  /** Returns the counter. */
  public Counter counter() {
    return Metrics.counter(NAMESPACE, text);
  }

  /** Returns the gauge, which a process of several devices has only one of. */
  public Gauge gauge() {
    return Metrics.gauge(NAMESPACE, text);
  }

  /** Returns the counter of a kind, for example {@code takesRendered_resident}. */
  public Counter counter(String kind) {
    return Metrics.counter(NAMESPACE, text + "_" + kind.replaceAll("[^A-Za-z0-9]", "_"));
  }
}
