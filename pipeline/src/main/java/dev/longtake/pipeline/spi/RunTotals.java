package dev.longtake.pipeline.spi;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * What this process has counted of {@link RunMetric}s since it started, over all runs.
 *
 * <p>Beam tells a runner what it counted when a bundle ends, and on Flink a worker's bundle is all
 * that it renders in a run. Whoever watches a worker meanwhile looks here.
 */
public final class RunTotals {
  private static final RunTotals OF_THIS_PROCESS = new RunTotals();

  @GuardedBy("this")
  private final Map<String, AtomicLong> totals = new TreeMap<>();

  @GuardedBy("this")
  private final List<Follower> followers = new ArrayList<>();

  private RunTotals() {
    for (RunMetric metric : RunMetric.values()) {
      metric.names().forEach(this::total);
    }
  }

  /** Is told of totals. */
  public interface Follower {
    /** Says that there is a total; called once for each, by whatever thread counts first. */
    void appeared(String name, LongSupplier value);
  }

  /** Returns those of this process. */
  public static RunTotals ofThisProcess() {
    return OF_THIS_PROCESS;
  }

  /** Tells somebody of the totals that there are, and of those that will be. */
  public synchronized void follow(Follower follower) {
    followers.add(follower);
    totals.forEach((name, total) -> follower.appeared(name, total::get));
  }

  void add(String name, long count) {
    total(name).addAndGet(count);
  }

  void reached(String name, long value) {
    total(name).accumulateAndGet(value, Math::max);
  }

  private synchronized AtomicLong total(String name) {
    AtomicLong known = totals.get(name);
    if (known != null) {
      return known;
    }
    AtomicLong total = new AtomicLong();
    totals.put(name, total);
    followers.forEach(follower -> follower.appeared(name, total::get));
    return total;
  }
}
