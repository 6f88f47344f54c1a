package dev.longtake.runtime.engine;

import com.google.common.base.Suppliers;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.engine.Candidate.Format;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.forecast.DeviceSpeed;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Plans engines of one model and size on one kind of device. What rehearses is made once a format,
 * because that takes most of a plan's time, and the device's speed is asked for when something is
 * forecast.
 */
final class EnginePlanners {
  private final EngineConfig config;
  private final ModelSource source;
  private final ComputeDevice device;
  private final Supplier<EngineShape> shape;
  private final Supplier<DeviceSpeed> speed;
  private final Map<Format, EnginePlanner> planners = new HashMap<>();
  private final Map<Integer, EncodingPlan> encodings = new HashMap<>(); // by frames of the rings

  /**
   * Prepares planning; rehearses nothing yet.
   *
   * @param config says the sizes, and in which precisions {@code device} computes
   */
  EnginePlanners(EngineConfig config, ModelSource source, ComputeDevice device) {
    this.config = config;
    this.source = source;
    this.device = device;
    this.shape = Suppliers.memoize(() -> source.shape(config));
    this.speed = Suppliers.memoize(device::speed);
  }

  /** Returns what plans engines in the format that was asked for. */
  EnginePlanner asked() {
    return in(new Format(config.precision(), config.kvPrecision(), config.clipFrames()));
  }

  /** Returns what plans engines in a format. */
  EnginePlanner in(Format format) {
    return planners.computeIfAbsent(format, this::planner);
  }

  private EnginePlanner planner(Format format) {
    EngineShape sizes = shape.get().withRings(format.ringFrames());
    EncodingPlan encoding =
        encodings.computeIfAbsent(
            format.ringFrames(), frames -> EncodingPlan.rehearse(sizes, source, device));
    return new EnginePlanner(sizes, source, deviceIn(format), encoding);
  }

  /** Returns the device in a format's precisions. */
  ComputeDevice deviceIn(Format format) {
    boolean asked =
        format.precision() == config.precision() && format.kvPrecision() == config.kvPrecision();
    return asked ? device : device.in(format.precision(), format.kvPrecision());
  }

  /** Returns the device in the precisions that were asked for. */
  ComputeDevice device() {
    return device;
  }

  /** Returns how fast the device is. */
  DeviceSpeed speed() {
    return speed.get();
  }
}
