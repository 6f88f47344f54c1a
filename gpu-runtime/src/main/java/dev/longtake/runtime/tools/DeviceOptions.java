package dev.longtake.runtime.tools;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.LongtakeEngineProvider;
import picocli.CommandLine.Option;

/** Where and how a command computes. */
public final class DeviceOptions {
  @Option(
      names = "--device",
      defaultValue = "cpu",
      paramLabel = "DEVICE",
      description = "Where to compute: cpu. Default: ${DEFAULT-VALUE}.")
  private String device;

  @Option(
      names = "--precision",
      defaultValue = "fp32",
      paramLabel = "TYPE",
      description = "Number format: fp32. Default: ${DEFAULT-VALUE}.")
  private Precision precision;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute. Default: one a processor.")
  private int threads = Runtime.getRuntime().availableProcessors();

  /**
   * Checks that there is such a device and that it computes in this precision.
   *
   * @throws LongtakeException INVALID_CONFIG, with what to choose instead
   */
  public void requireAvailable() {
    LongtakeEngineProvider.requireAvailable(device, precision);
  }

  /** Returns the device. */
  public String device() {
    return device;
  }

  /** Returns the number format. */
  public Precision precision() {
    return precision;
  }

  /** Returns the number of threads on the CPU. */
  public int threads() {
    return threads;
  }
}
