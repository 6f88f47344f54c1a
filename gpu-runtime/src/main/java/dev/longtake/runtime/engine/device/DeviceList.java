package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.cuda.CudaDevice;
import dev.longtake.runtime.cuda.CudaDriver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Devices of this host that compute together, as configured.
 *
 * @param choices at least one, all of a kind and equally precise
 */
public record DeviceList(List<DeviceChoice> choices) {
  private static final String ALL_GPUS = "cuda";

  /** Copies the list. */
  public DeviceList {
    choices = List.copyOf(choices);
  }

  /**
   * Reads a configuration. Looks at no device, unless all GPUs are asked for.
   *
   * @param devices {@code cuda} for all GPUs, or names separated by commas: {@code cuda:0,cuda:1},
   *     or {@code cpu:0,cpu:1} for parts of the CPU that stand in for devices
   * @throws LongtakeException INVALID_CONFIG, or DEVICE_UNAVAILABLE if there is no GPU
   */
  public static DeviceList of(String devices, Precision precision, Precision kvPrecision) {
    List<String> names = devices.equals(ALL_GPUS) ? allGpus() : List.of(devices.split(",", -1));
    if (new HashSet<>(names).size() < names.size()) {
      throw refused("%s names a device twice. Name each once.".formatted(devices));
    }
    List<DeviceChoice> choices = new ArrayList<>();
    for (String name : names) {
      choices.add(DeviceChoice.of(name, precision, kvPrecision));
    }
    if (choices.stream().map(choice -> choice.gpu().isPresent()).distinct().count() > 1) {
      throw refused("%s mixes CPU and GPUs. Choose either.".formatted(devices));
    }
    return new DeviceList(choices);
  }

  private static List<String> allGpus() {
    return CudaDriver.load().devices().stream()
        .map(CudaDevice::ordinal)
        .map("cuda:%d"::formatted)
        .collect(Collectors.toList());
  }

  /** Returns how many devices there are. */
  public int size() {
    return choices.size();
  }

  /** Returns what a device is called in a configuration. */
  public String name(int index) {
    return choices.get(index).device();
  }

  /** Returns what all devices are called in a configuration. */
  public List<String> names() {
    return choices.stream().map(DeviceChoice::device).toList();
  }

  /** Checks that all devices are there; see {@link DeviceChoice#requireAvailable}. */
  public void requireAvailable() {
    choices.forEach(DeviceChoice::requireAvailable);
  }

  /**
   * Opens one of the devices; close the result.
   *
   * @param cpuThreads threads that compute on the CPU, shared by all devices that it stands in for
   */
  public ComputeDevice open(int index, int cpuThreads) {
    return choices.get(index).open(Math.max(1, cpuThreads / size()));
  }

  /**
   * Returns what plans for the device of which the least memory is there, without opening any.
   *
   * @param cpuThreads as for {@link #open}
   * @throws LongtakeException DEVICE_UNAVAILABLE if a GPU is not there
   */
  public ComputeDevice onPaper(int cpuThreads) {
    DeviceChoice first = choices.get(0);
    if (first.gpu().isEmpty()) {
      return open(0, cpuThreads);
    }
    requireAvailable();
    List<PaperGpu> present = PaperHost.present().gpus();
    return choices.stream()
        .map(choice -> present.get(choice.gpu().getAsInt()))
        .min(Comparator.comparingLong(PaperGpu::memoryBytes))
        .orElseThrow()
        .in(first.precision(), first.kvPrecision());
  }

  private static LongtakeException refused(String message) {
    return new LongtakeException(ErrorCode.INVALID_CONFIG, message);
  }
}
