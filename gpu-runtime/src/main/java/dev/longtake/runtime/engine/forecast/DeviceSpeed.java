package dev.longtake.runtime.engine.forecast;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.tensor.DType;

/**
 * How fast a device works, as far as forecasts need it.
 *
 * @param gemmTflops matrix products in its activations' type
 * @param fp8GemmTflops matrix products of FP8 numbers; 0 if it has none
 * @param attentionTflops attention in its activations' type
 * @param fp8AttentionTflops attention to keys and values in FP8
 * @param convolutionTflops the video autoencoder's convolutions
 * @param memoryGbps 10⁹ bytes a second, read and written by what does little else
 * @param hostGbps 10⁹ bytes a second from pinned memory of the host
 * @param peerGbps 10⁹ bytes a second from another such device of its host
 * @param calibrated whether forecasts with it have been compared with measurements; otherwise it is
 *     good for comparing one way of working with another alone
 * @param basis where these come from, for people
 */
public record DeviceSpeed(
    double gemmTflops,
    double fp8GemmTflops,
    double attentionTflops,
    double fp8AttentionTflops,
    double convolutionTflops,
    double memoryGbps,
    double hostGbps,
    double peerGbps,
    boolean calibrated,
    String basis) {
  private static final double TERA = 1e12;
  private static final double GIGA = 1e9;

  /** Checks that everything else takes a finite time. */
  public DeviceSpeed {
    checkArgument(
        gemmTflops > 0
            && fp8GemmTflops >= 0
            && attentionTflops > 0
            && fp8AttentionTflops > 0
            && convolutionTflops > 0
            && memoryGbps > 0
            && hostGbps > 0
            && peerGbps > 0,
        "not a speed: %s, %s, %s, %s, %s TFLOP/s; %s, %s, %s GB/s",
        gemmTflops,
        fp8GemmTflops,
        attentionTflops,
        fp8AttentionTflops,
        convolutionTflops,
        memoryGbps,
        hostGbps,
        peerGbps);
    requireNonNull(basis, "basis");
  }

  /**
   * Returns the seconds that one forward computes.
   *
   * @param layerType of the layers' matrices
   * @param cacheType of cached keys and values
   */
  double forwardSeconds(ForwardWork work, DType layerType, DType cacheType) {
    double gemm = layerType == DType.FP8_E4M3 ? fp8GemmTflops : gemmTflops;
    double attention = cacheType == DType.FP8_E4M3 ? fp8AttentionTflops : attentionTflops;
    return work.gemmFlops() / (gemm * TERA)
        + work.attentionFlops() / (attention * TERA)
        + work.otherBytes() / (memoryGbps * GIGA);
  }

  /** Returns the seconds that bytes take from another device of the same host. */
  public double peerSeconds(double bytes) {
    return bytes / (peerGbps * GIGA);
  }

  /** Returns the seconds that bytes take from the host to the device. */
  public double hostSeconds(double bytes) {
    return bytes / (hostGbps * GIGA);
  }

  /** Returns the seconds of so many floating-point operations of convolutions. */
  double convolutionSeconds(double operations) {
    return operations / (convolutionTflops * TERA);
  }
}
