package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import java.time.Instant;

/**
 * How a device was used at a time, or from then on for some measurements.
 *
 * @param time when it was first measured
 * @param device its name in this process
 * @param memoryBytes of it in use, at most
 * @param utilization share of the time in which it computed, from 0 to 1; NaN where nobody says
 * @param copiedGbps 10⁹ bytes a second of weights and caches between it and the host
 * @param lanes takes in progress on it, at most
 * @param measurements that this stands for
 */
public record UsageSample(
    Instant time,
    String device,
    long memoryBytes,
    double utilization,
    double copiedGbps,
    int lanes,
    long measurements) {
  /** Checks that nothing is negative. */
  public UsageSample {
    requireNonNull(time, "time");
    requireNonNull(device, "device");
    checkArgument(
        memoryBytes >= 0 && copiedGbps >= 0 && lanes >= 0 && measurements > 0 && !(utilization < 0),
        "none may be negative: memoryBytes %s, copiedGbps %s, lanes %s, utilization %s",
        memoryBytes,
        copiedGbps,
        lanes,
        utilization);
  }

  /** Creates a single measurement. */
  UsageSample(
      Instant time,
      String device,
      long memoryBytes,
      double utilization,
      double copiedGbps,
      int lanes) {
    this(time, device, memoryBytes, utilization, copiedGbps, lanes, 1);
  }

  /** Returns a sample for this time and a later one: the most memory and lanes, means of rates. */
  UsageSample with(UsageSample later) {
    return new UsageSample(
        time,
        device,
        Math.max(memoryBytes, later.memoryBytes),
        mean(utilization, later, later.utilization),
        mean(copiedGbps, later, later.copiedGbps),
        Math.max(lanes, later.lanes),
        measurements + later.measurements);
  }

  private double mean(double mine, UsageSample later, double its) {
    if (Double.isNaN(mine) || Double.isNaN(its)) {
      return Double.isNaN(mine) ? its : mine;
    }
    return (mine * measurements + its * later.measurements) / (measurements + later.measurements);
  }
}
