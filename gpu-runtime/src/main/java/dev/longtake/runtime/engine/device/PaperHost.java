package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.MemorySize;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.cuda.CudaDriver;
import dev.longtake.runtime.engine.forecast.KnownGpu;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A machine on paper.
 *
 * @param name as it was described
 * @param gpus in bf16, at least one
 * @param remark what was assumed; empty if nothing was
 */
public record PaperHost(String name, List<PaperGpu> gpus, String remark) {
  private static final Pattern PART = Pattern.compile("(?:(\\d{1,3})x)?(\\S+)");
  private static final List<String> OFFICIAL = List.of("1x80GiB", "4x24GiB", "5x80GiB");

  /** What every host of the official presets is asked for by. */
  private static final String PRESETS = "official";

  /** Copies the list. */
  public PaperHost {
    gpus = List.copyOf(gpus);
  }

  /**
   * Returns the machines that an option describes.
   *
   * @param described GPUs by name, or by memory alone: {@code 5x24GiB}, {@code rtx4090,2xh100};
   *     {@code official} for the three machines that the official scripts are made for
   * @param hostBytes that each has for pinning
   * @throws LongtakeException INVALID_CONFIG, with what can be described
   */
  public static List<PaperHost> parse(String described, long hostBytes) {
    List<String> hosts = described.equals(PRESETS) ? OFFICIAL : List.of(described);
    return hosts.stream().map(host -> host(host, hostBytes)).toList();
  }

  /**
   * Returns this machine.
   *
   * @throws LongtakeException DEVICE_UNAVAILABLE if it has no GPU
   */
  public static PaperHost present() {
    List<PaperGpu> gpus =
        CudaDriver.load().devices().stream()
            .map(
                device ->
                    new PaperGpu(
                        device.name(),
                        Precision.BF16,
                        Precision.BF16,
                        device.totalBytes(),
                        HostMemory.availableBytes(),
                        GpuSpeed.of(device)))
            .toList();
    return new PaperHost("this machine", gpus, "");
  }

  /** Returns the bytes that this machine has for pinning. */
  public static long hostBytesHere() {
    return HostMemory.availableBytes();
  }

  private static PaperHost host(String described, long hostBytes) {
    List<PaperGpu> gpus = new ArrayList<>();
    List<String> remarks = new ArrayList<>();
    for (String part : described.split(",", -1)) {
      Matcher matcher = PART.matcher(part.strip());
      int count = matcher.matches() && matcher.group(1) != null ? count(matcher.group(1)) : 1;
      if (!matcher.matches() || count == 0) {
        throw unknown(described);
      }
      String label = matcher.group(2);
      Optional<KnownGpu> known = KnownGpu.labelled(label);
      long memoryBytes = known.map(KnownGpu::memoryBytes).orElseGet(() -> bytes(described, label));
      KnownGpu like = known.orElseGet(() -> KnownGpu.withAbout(memoryBytes));
      if (known.isEmpty()) {
        remarks.add("%s is taken to be as fast as %s".formatted(label, like.label()));
      }
      for (int i = 0; i < count; i++) {
        gpus.add(
            new PaperGpu(
                label, Precision.BF16, Precision.BF16, memoryBytes, hostBytes, like.speed()));
      }
    }
    return new PaperHost(
        described, gpus, remarks.stream().distinct().collect(Collectors.joining("; ")));
  }

  private static int count(String digits) {
    return Integer.parseInt(digits);
  }

  private static long bytes(String described, String label) {
    if (!label.matches("(?i)[0-9.]+(GiB|MiB)")) {
      throw unknown(described);
    }
    return MemorySize.parse("--gpus", label);
  }

  private static LongtakeException unknown(String described) {
    return new LongtakeException(
        ErrorCode.INVALID_CONFIG,
        ("--gpus must be GPUs such as 5x24GiB or rtx4090,2xh100, or %s, but was '%s'. Known are: "
                + "%s.")
            .formatted(PRESETS, described, String.join(", ", KnownGpu.labels())));
  }
}
