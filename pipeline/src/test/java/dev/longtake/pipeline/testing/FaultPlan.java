package dev.longtake.pipeline.testing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Which calls fail, and how: drawn with a seed, or one after the other as said. */
public final class FaultPlan {
  /** The faults that pass when a call is repeated. */
  public static final List<Fault> PASSING =
      List.of(
          Fault.TOO_MANY_REQUESTS,
          Fault.INTERNAL_ERROR,
          Fault.UNAVAILABLE,
          Fault.RESET,
          Fault.TORN_REQUEST,
          Fault.UNFINISHED,
          Fault.LOST_RESPONSE,
          Fault.TORN_RESPONSE);

  private final Random random;
  private final double rate;
  private final List<Fault> kinds;
  private final List<Fault> notYet = new ArrayList<>();
  private final Deque<Fault> next;
  private int callsToFault;

  private FaultPlan(long seed, double rate, List<Fault> kinds, List<Fault> next) {
    this.random = new Random(seed);
    this.rate = rate;
    this.kinds = kinds;
    this.next = new ArrayDeque<>(next);
    this.callsToFault = rate > 0 ? gap() : Integer.MAX_VALUE;
  }

  /** Returns a plan without faults. */
  public static FaultPlan none() {
    return new FaultPlan(0, 0, List.of(), List.of());
  }

  /**
   * Returns a plan by which a share {@code rate} of the calls fails in one of these ways: never
   * fewer than one in twice the usual distance, and in each way once before in any twice. So a test
   * meets what it is about, whatever the seed.
   */
  public static FaultPlan random(long seed, double rate, List<Fault> kinds) {
    return new FaultPlan(seed, rate, kinds, List.of());
  }

  /** Returns a plan by which the next calls fail like this, and no others. */
  public static FaultPlan next(Fault... faults) {
    return new FaultPlan(1, 0, List.of(), List.of(faults));
  }

  /** Returns how a call fails, or null. A fault that does not fit waits for a call that it does. */
  synchronized @Nullable Fault next(String method, boolean asksForContent) {
    callsToFault--;
    if (callsToFault == 0) {
      next.add(kind());
      callsToFault = gap();
    }
    for (Fault fault : next) {
      if (fault.fits(method, asksForContent)) {
        next.remove(fault);
        return fault;
      }
    }
    return null;
  }

  private int gap() {
    return 1 + random.nextInt((int) Math.round(2 / rate) - 1);
  }

  private Fault kind() {
    if (notYet.isEmpty()) {
      notYet.addAll(kinds);
    }
    return notYet.remove(random.nextInt(notYet.size()));
  }

  /** Returns a number from 0 to {@code bound} - 1. */
  synchronized int below(int bound) {
    return bound <= 0 ? 0 : random.nextInt(bound);
  }
}
