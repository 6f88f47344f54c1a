package dev.longtake.runtime.tools;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.engine.device.DeviceList;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where and how a command computes. */
public final class DeviceOptions {
  @Option(
      names = {"--device", "--devices"},
      defaultValue = "cpu",
      paramLabel = "DEVICE[,DEVICE]",
      description =
          "Where to compute: cpu, cuda:N, or several: cuda:0,cuda:1; cuda for the first GPU or,"
              + " where several can be used, for all. Default: ${DEFAULT-VALUE}.")
  private String device;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      description =
          "Number format of the transformer: fp32 on the CPU; bf16, or fp8 for its linear layers,"
              + " on a GPU. Default: fp32 on the CPU, bf16 on a GPU.")
  private @Nullable Precision precision;

  @Option(
      names = "--kvPrecision",
      paramLabel = "TYPE",
      description =
          "Number format of cached keys and values: fp32 on the CPU; bf16, or fp8 for half the"
              + " memory and faster attention, on a GPU. Default: fp32 on the CPU, bf16 on a GPU.")
  private @Nullable Precision kvPrecision;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute on the CPU. Default: one a processor.")
  private int threads = Runtime.getRuntime().availableProcessors();

  /**
   * Returns the device and the precision. Looks at no device.
   *
   * @throws LongtakeException INVALID_CONFIG, with what to choose instead
   */
  public DeviceChoice choice() {
    return DeviceChoice.of(device, precision(), kvPrecision());
  }

  /**
   * Returns the devices. Looks at none, unless all GPUs are asked for.
   *
   * @throws LongtakeException INVALID_CONFIG or DEVICE_UNAVAILABLE, with what to choose instead
   */
  public DeviceList devices() {
    return DeviceList.of(device, precision(), kvPrecision());
  }

  /** Returns the device's name, or the devices' names. */
  public String device() {
    return device;
  }

  /** Returns the number format of the transformer. */
  public Precision precision() {
    return precision == null ? ofActivations() : precision;
  }

  /** Returns the number format of cached keys and values. */
  public Precision kvPrecision() {
    return kvPrecision == null ? ofActivations() : kvPrecision;
  }

  /** Returns the number of threads on the CPU. */
  public int threads() {
    return threads;
  }

  private Precision ofActivations() {
    return device.startsWith("cpu") ? Precision.FP32 : Precision.BF16;
  }
}
