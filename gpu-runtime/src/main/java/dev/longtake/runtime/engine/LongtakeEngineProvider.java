package dev.longtake.runtime.engine;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.weights.Checkpoint;
import java.nio.file.Path;

/** Opens Longtake's own engine. */
@AutoService(EngineProvider.class)
public final class LongtakeEngineProvider implements EngineProvider {
  @Override
  public AvatarEngine open(EngineConfig config) {
    requireAvailable(config.device(), config.precision());
    return LongtakeEngine.open(config, Checkpoint.open(Path.of(config.checkpointDir())));
  }

  /**
   * Checks that a device can be had in this version, and computes in a precision.
   *
   * @throws LongtakeException INVALID_CONFIG, with what to choose instead
   */
  public static void requireAvailable(String device, Precision precision) {
    if (!device.equals("cpu")) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          "Device '%s' is not available in this version. Choose device cpu.".formatted(device));
    }
    if (precision != Precision.FP32) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          "Device cpu computes in fp32 only, not in %s. Choose precision fp32."
              .formatted(precision.name().toLowerCase(java.util.Locale.ROOT)));
    }
  }
}
