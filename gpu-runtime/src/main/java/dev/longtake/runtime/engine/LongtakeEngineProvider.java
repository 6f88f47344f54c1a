package dev.longtake.runtime.engine;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;

/** Opens Longtake's own engine. */
@AutoService(EngineProvider.class)
public final class LongtakeEngineProvider implements EngineProvider {
  @Override
  public AvatarEngine open(EngineConfig config) {
    DeviceChoice.of(config.device(), config.precision(), config.kvPrecision()).requireAvailable();
    return LongtakeEngine.open(config, Checkpoint.open(Path.of(config.checkpointDir())));
  }

  /**
   * Checks that a device is there and computes in a precision, within a second.
   *
   * @throws LongtakeException INVALID_CONFIG or DEVICE_UNAVAILABLE, with what to choose or install
   */
  public static void requireAvailable(String device, Precision precision) {
    Precision kvPrecision = precision == Precision.FP8 ? Precision.BF16 : precision;
    DeviceChoice.of(device, precision, kvPrecision).requireAvailable();
  }
}
