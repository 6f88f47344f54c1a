package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.api.CpuDevices;
import dev.longtake.runtime.api.DeviceHealth;
import dev.longtake.runtime.api.DeviceInfo;
import dev.longtake.runtime.api.DeviceLoad;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.cuda.CudaDevice;
import dev.longtake.runtime.cuda.CudaDriver;
import dev.longtake.runtime.cuda.GpuHealth;
import dev.longtake.runtime.cuda.NativeLibraries;
import dev.longtake.runtime.tensor.DType;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A device and how precisely to compute on it, as configured.
 *
 * @param gpu which GPU, from 0; empty for the CPU
 * @param precision of the transformer
 * @param kvPrecision of cached keys and values
 */
public record DeviceChoice(OptionalInt gpu, Precision precision, Precision kvPrecision) {
  private static final Pattern NAME = Pattern.compile("(cpu|cuda)(?::(\\d{1,3}))?");
  private static final DeviceHealth CPU_HEALTH = new CpuHealth();
  private static final Set<Precision> OF_CPU = EnumSet.of(Precision.FP32);
  private static final Set<Precision> OF_CUDA = EnumSet.of(Precision.BF16, Precision.FP8);

  /**
   * Reads a configuration. Looks at no device.
   *
   * @param device {@code cpu}, {@code cuda}, {@code cuda:N}, or {@code cpu:N} for one of several
   *     that the CPU stands in for
   * @param kvPrecision of cached keys and values
   * @throws LongtakeException INVALID_CONFIG, with what to choose instead
   */
  public static DeviceChoice of(String device, Precision precision, Precision kvPrecision) {
    Matcher matcher = NAME.matcher(device);
    if (!matcher.matches()) {
      throw refused(
          "There is no device '%s'. Choose cpu, cuda for the first GPU, or cuda:N."
              .formatted(device));
    }
    boolean cpu = matcher.group(1).equals("cpu");
    Set<Precision> computed = cpu ? OF_CPU : OF_CUDA;
    if (!computed.contains(precision)) {
      throw refused(
          "Device %s computes in %s only, not in %s. Choose precision %s."
              .formatted(
                  device, names(computed, " and "), name(precision), names(computed, " or ")));
    }
    if (!computed.contains(kvPrecision)) {
      throw refused(
          "Device %s keeps keys and values in %s only, not in %s. Choose kvPrecision %s."
              .formatted(
                  device, names(computed, " and "), name(kvPrecision), names(computed, " or ")));
    }
    String ordinal = matcher.group(2);
    OptionalInt gpu =
        ordinal == null ? OptionalInt.of(0) : OptionalInt.of(Integer.parseInt(ordinal));
    return new DeviceChoice(cpu ? OptionalInt.empty() : gpu, precision, kvPrecision);
  }

  /**
   * Looks for a device; see {@link dev.longtake.runtime.api.EngineProvider#device}.
   *
   * @throws LongtakeException INVALID_CONFIG or DEVICE_UNAVAILABLE
   */
  public static DeviceInfo look(String asked) {
    if (asked.equals("auto")) {
      try {
        return look("cuda");
      } catch (LongtakeException e) {
        return new DeviceInfo("cpu", "cpu, because: " + e.getMessage(), List.copyOf(OF_CPU));
      }
    }
    if (asked.contains(",")) {
      List<DeviceInfo> each = names(asked).map(DeviceChoice::look).toList();
      return new DeviceInfo(asked, describe(each), each.get(0).precisions());
    }
    DeviceChoice choice = usual(asked);
    if (choice.gpu.isEmpty()) {
      return new DeviceInfo("cpu", "cpu", List.copyOf(OF_CPU));
    }
    CudaDevice device = choice.find(choice.gpu.getAsInt());
    return new DeviceInfo(choice.device(), device.toString(), List.copyOf(OF_CUDA));
  }

  /**
   * Says what a device of another machine is; see {@link
   * dev.longtake.runtime.api.EngineProvider#deviceElsewhere}.
   *
   * @throws LongtakeException INVALID_CONFIG
   */
  public static DeviceInfo elsewhere(String asked) {
    boolean isCpu = names(asked).map(DeviceChoice::usual).allMatch(each -> each.gpu.isEmpty());
    return new DeviceInfo(asked, asked + " of each worker", List.copyOf(isCpu ? OF_CPU : OF_CUDA));
  }

  /**
   * Looks for the devices that this process may lease; see {@link
   * dev.longtake.runtime.api.EngineProvider#devices}.
   *
   * @throws LongtakeException INVALID_CONFIG or DEVICE_UNAVAILABLE
   */
  public static List<LeasableDevice> leasable(String asked, String cpuDevices) {
    if (!cpuDevices.isEmpty()) {
      if (!asked.equals("cpu") && !asked.equals("auto")) {
        throw refused(
            "CPU devices (%s) and --device=%s contradict each other. Leave one of them out."
                .formatted(cpuDevices, asked));
      }
      return CpuDevices.parse("--cpuDevices", cpuDevices);
    }
    if (asked.equals("auto")) {
      try {
        return leasable("cuda", "");
      } catch (LongtakeException e) {
        return List.of(LeasableDevice.CPU);
      }
    }
    if (asked.contains(",")) {
      return names(asked).flatMap(name -> leasable(name, "").stream()).toList();
    }
    DeviceChoice choice = usual(asked);
    if (choice.gpu.isEmpty()) {
      return List.of(LeasableDevice.CPU);
    }
    if (asked.equals("cuda")) {
      return CudaDriver.load().devices().stream().map(DeviceChoice::leasable).toList();
    }
    return List.of(leasable(choice.find(choice.gpu.getAsInt())));
  }

  private static LeasableDevice leasable(CudaDevice device) {
    return new LeasableDevice(
        "gpu-" + device.uuid(),
        "cuda:" + device.ordinal(),
        device.toString(),
        device.totalBytes(),
        true);
  }

  /**
   * Tries a device and watches over it; see {@link dev.longtake.runtime.api.EngineProvider#watch}.
   *
   * @throws LongtakeException DEVICE_FAULT
   */
  public static DeviceHealth watch(LeasableDevice device) {
    if (!device.members().isEmpty()) {
      return TeamHealth.watch(device.members());
    }
    OptionalInt gpu = usual(device.device()).gpu;
    return gpu.isEmpty()
        ? CPU_HEALTH
        : GpuHealth.watch(CudaDriver.load().device(gpu.getAsInt()), new NativeLibraries(null));
  }

  private static Stream<String> names(String asked) {
    return Arrays.stream(asked.split(",", -1));
  }

  private static String describe(List<DeviceInfo> devices) {
    return devices.stream().map(DeviceInfo::description).collect(Collectors.joining(", "));
  }

  /** Reads a device's name; in the precision that is usual there. */
  private static DeviceChoice usual(String asked) {
    Precision usual = asked.startsWith("cpu") ? Precision.FP32 : Precision.BF16;
    return of(asked, usual, usual);
  }

  /** Returns the device's name in a configuration. */
  public String device() {
    return gpu.isEmpty() ? "cpu" : "cuda:" + gpu.getAsInt();
  }

  /**
   * Checks that the device is there, within a second.
   *
   * @throws LongtakeException DEVICE_UNAVAILABLE or, for a GPU without FP8, INVALID_CONFIG, with
   *     what to install or choose
   */
  public void requireAvailable() {
    if (gpu.isPresent()) {
      find(gpu.getAsInt());
    }
  }

  /**
   * Opens the device; close the result.
   *
   * @param cpuThreads threads that compute on the CPU
   * @throws LongtakeException DEVICE_UNAVAILABLE, with what to install or choose
   */
  public ComputeDevice open(int cpuThreads) {
    if (gpu.isEmpty()) {
      return new CpuCompute(cpuThreads);
    }
    return CudaCompute.open(find(gpu.getAsInt()), typeOf(precision), typeOf(kvPrecision));
  }

  private CudaDevice find(int ordinal) {
    CudaDevice device = CudaDriver.load().device(ordinal);
    boolean needsFp8 = precision == Precision.FP8 || kvPrecision == Precision.FP8;
    if (needsFp8 && !hasFp8(device)) {
      throw refused(
          "%s has compute capability %d.%d, but fp8 needs 8.9. Choose bf16 for both precisions."
              .formatted(device, device.computeMajor(), device.computeMinor()));
    }
    return device;
  }

  /** Returns whether a GPU multiplies FP8 numbers. */
  static boolean hasFp8(CudaDevice device) {
    return device.isAtLeast(8, 9);
  }

  static DType typeOf(Precision precision) {
    return precision == Precision.FP8 ? DType.FP8_E4M3 : DType.BF16;
  }

  /** Nothing is ever heard of the CPU. */
  private record CpuHealth() implements DeviceHealth {
    @Override
    public void check() {}

    @Override
    public List<DeviceLoad> load() {
      return List.of(DeviceLoad.UNKNOWN);
    }

    @Override
    public void close() {}
  }

  private static String names(Set<Precision> precisions, String separator) {
    return precisions.stream().map(DeviceChoice::name).collect(Collectors.joining(separator));
  }

  private static String name(Precision precision) {
    return precision.name().toLowerCase(Locale.ROOT);
  }

  private static LongtakeException refused(String message) {
    return new LongtakeException(ErrorCode.INVALID_CONFIG, message);
  }
}
