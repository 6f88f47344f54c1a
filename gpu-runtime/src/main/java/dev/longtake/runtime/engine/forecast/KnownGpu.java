package dev.longtake.runtime.engine.forecast;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * GPUs whose makers say what they can do: dense matrix products with sums in fp32, and transfers in
 * one direction. What of that is reached was measured on an H200, and is taken to be the same share
 * on all.
 */
public enum KnownGpu {
  H200("h200", "H200", 140.4, 9.0, 989, 1979, 4800, 64, 450),
  H100("h100", "H100 80GB HBM3", 79.6, 9.0, 989, 1979, 3350, 64, 450),
  H100_PCIE("h100-pcie", "H100 PCIe", 79.6, 9.0, 756, 1513, 2000, 64, 64),
  A100("a100", "A100-SXM4-80GB", 79.2, 8.0, 312, 0, 2039, 32, 300),
  A100_40("a100-40", "A100-SXM4-40GB", 39.4, 8.0, 312, 0, 1555, 32, 300),
  L40S("l40s", "L40S", 44.4, 8.9, 362, 733, 864, 32, 32),
  L4("l4", "L4", 22.0, 8.9, 121, 242, 300, 32, 32),
  A10("a10", "A10", 22.0, 8.6, 125, 0, 600, 32, 32),
  RTX_6000_ADA("rtx6000-ada", "RTX 6000 Ada", 47.4, 8.9, 364, 728, 960, 32, 32),
  RTX_5090("rtx5090", "RTX 5090", 31.8, 12.0, 209.5, 419, 1792, 64, 64),
  RTX_4090("rtx4090", "RTX 4090", 24.0, 8.9, 165.2, 330.3, 1008, 32, 32),
  RTX_3090("rtx3090", "RTX 3090", 24.0, 8.6, 71, 0, 936, 32, 32);

  private static final double GIB = 1L << 30;
  private static final double HOPPER = 9.0;

  // Shares of the maker's numbers that were measured on an H200.
  private static final double GEMM = 0.79;
  private static final double FP8_GEMM = 0.71;
  private static final double ATTENTION = 0.547; // cuDNN's
  private static final double HOPPER_ATTENTION = 0.639; // our kernel's
  private static final double HOPPER_FP8_ATTENTION = 0.423;
  private static final double CONVOLUTION = 0.358; // of products in bf16
  private static final double MEMORY = 0.854;
  private static final double HOST = 0.866;
  private static final double PEER = 0.88;

  private final String label;
  private final String driverName;
  private final double memoryGib;
  private final double computeCapability;
  private final double bf16Tflops;
  private final double fp8Tflops;
  private final double memoryGbps;
  private final double hostGbps;
  private final double peerGbps;

  /** The maker's numbers; the memory is what a driver reports, about. */
  KnownGpu(
      String label,
      String driverName,
      double memoryGib,
      double computeCapability,
      double bf16Tflops,
      double fp8Tflops,
      double memoryGbps,
      double hostGbps,
      double peerGbps) {
    this.label = label;
    this.driverName = driverName;
    this.memoryGib = memoryGib;
    this.computeCapability = computeCapability;
    this.bf16Tflops = bf16Tflops;
    this.fp8Tflops = fp8Tflops;
    this.memoryGbps = memoryGbps;
    this.hostGbps = hostGbps;
    this.peerGbps = peerGbps;
  }

  /** Returns the GPU with this name in an option, for example {@code rtx4090}. */
  public static Optional<KnownGpu> labelled(String label) {
    String lower = label.toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(gpu -> gpu.label.equals(lower)).findFirst();
  }

  /** Returns the GPU that a driver calls so, for example {@code NVIDIA H200}. */
  public static Optional<KnownGpu> calledByDriver(String name) {
    return Arrays.stream(values())
        .filter(gpu -> name.matches(".*\\b" + gpu.driverName + "\\b.*"))
        .max(Comparator.comparingInt(gpu -> gpu.driverName.length()));
  }

  /** Returns what stands for a GPU of which only the memory is known: the closest to it. */
  public static KnownGpu withAbout(long memoryBytes) {
    return List.of(H200, H100, RTX_6000_ADA, A100_40, RTX_5090, RTX_4090).stream()
        .min(Comparator.comparingDouble(gpu -> Math.abs(gpu.memoryGib - memoryBytes / GIB)))
        .orElseThrow();
  }

  /** Returns all names for an option. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(KnownGpu::label).toList();
  }

  /** Returns its name in an option. */
  public String label() {
    return label;
  }

  /** Returns all of its memory, as a driver reports it, about. */
  public long memoryBytes() {
    return (long) (memoryGib * GIB);
  }

  /** Returns whether it multiplies FP8 numbers. */
  public boolean hasFp8() {
    return fp8Tflops > 0;
  }

  /** Returns how fast it will be. */
  public DeviceSpeed speed() {
    boolean hopper = computeCapability == HOPPER; // elsewhere FP8 keys are widened to bf16 first
    double attention = (hopper ? HOPPER_ATTENTION : ATTENTION) * bf16Tflops;
    return new DeviceSpeed(
        GEMM * bf16Tflops,
        FP8_GEMM * fp8Tflops,
        attention,
        hopper ? HOPPER_FP8_ATTENTION * fp8Tflops : attention,
        CONVOLUTION * bf16Tflops,
        MEMORY * memoryGbps,
        HOST * hostGbps,
        PEER * peerGbps,
        true,
        "the maker's numbers for " + label);
  }
}
