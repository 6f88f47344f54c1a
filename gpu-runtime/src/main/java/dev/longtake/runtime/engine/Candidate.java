package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.forecast.SweepForecast;
import dev.longtake.runtime.spi.ExecutionStrategy;
import java.util.Locale;

/**
 * One way to place an engine on a device.
 *
 * @param format numbers and frames
 * @param planner that the plan is of
 * @param forecast of the plan
 */
record Candidate(
    ExecutionStrategy strategy,
    Format format,
    EnginePlanner planner,
    EnginePlan plan,
    SweepForecast forecast) {
  /**
   * What decides the pixels.
   *
   * @param precision of the transformer, {@code kvPrecision} of cached keys and values
   * @param ringFrames video frames that a take's rings hold
   */
  record Format(Precision precision, Precision kvPrecision, int ringFrames) {}

  /** Returns the configuration of an engine that is placed so. */
  EngineConfig configure(EngineConfig asked) {
    return asked.placed(
        strategy.name(), format.precision(), format.kvPrecision(), plan.memory().lanes());
  }

  /** Returns what it is, for people. */
  String describe() {
    int lanes = plan.memory().lanes();
    return "%s with %d lane%s, %s, keys and values %s"
        .formatted(
            strategy.name(),
            lanes,
            lanes == 1 ? "" : "s",
            lower(format.precision()),
            lower(format.kvPrecision()));
  }

  private static String lower(Precision precision) {
    return precision.name().toLowerCase(Locale.ROOT);
  }
}
