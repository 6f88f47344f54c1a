package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/**
 * Measurements in the order of time, of which a bounded number is kept however many come: when they
 * are too many, each two neighbours become one, and from then on a sample stands for twice as many
 * measurements.
 */
final class BoundedSeries<T> {
  private final int maxSamples;
  private final BinaryOperator<T> merge;
  private final List<T> samples = new ArrayList<>();
  private long measurementsPerSample = 1;
  private long measurementsInLast; // 0 when the next measurement starts a sample

  /**
   * Creates an empty series.
   *
   * @param maxSamples even, at least 2
   * @param merge makes one sample of an earlier and a later one
   */
  BoundedSeries(int maxSamples, BinaryOperator<T> merge) {
    checkArgument(
        maxSamples >= 2 && maxSamples % 2 == 0,
        "maxSamples must be even and at least 2, but was %s",
        maxSamples);
    this.maxSamples = maxSamples;
    this.merge = merge;
  }

  void add(T measurement) {
    if (measurementsInLast == 0) {
      if (samples.size() == maxSamples) {
        halve();
      }
      samples.add(measurement);
    } else {
      int last = samples.size() - 1;
      samples.set(last, merge.apply(samples.get(last), measurement));
    }
    measurementsInLast = (measurementsInLast + 1) % measurementsPerSample;
  }

  /** Returns a copy of the samples, oldest first. */
  List<T> samples() {
    return List.copyOf(samples);
  }

  private void halve() {
    for (int i = 0; i < maxSamples / 2; i++) {
      samples.set(i, merge.apply(samples.get(2 * i), samples.get(2 * i + 1)));
    }
    samples.subList(maxSamples / 2, maxSamples).clear();
    measurementsPerSample *= 2;
  }
}
