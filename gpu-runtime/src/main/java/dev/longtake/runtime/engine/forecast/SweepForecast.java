package dev.longtake.runtime.engine.forecast;

import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.tensor.DType;

/**
 * How fast an engine renders whose windows are full.
 *
 * @param lanes videos at once
 * @param steps denoising steps of a frame block
 * @param sweepSeconds in which every lane gets one forward
 * @param decodeSeconds of one lane's frame block
 */
public record SweepForecast(int lanes, int steps, double sweepSeconds, double decodeSeconds) {
  /**
   * Floating-point operations of the decoder's convolutions for a pixel, with 96 channels at full
   * resolution: six of 3x3x3 at each level, those of coarser levels for fewer pixels.
   */
  private static final double DECODE_OPERATIONS_PER_PIXEL = 8.2e6;

  private static final double OFFICIAL_VAE_WIDTH = 96;
  private static final int BLOCK_VIDEO_FRAMES = DitConfig.BLOCK_FRAMES * VaeConfig.TEMPORAL_STRIDE;

  /**
   * What is computed, and in which types.
   *
   * @param activationType of text and reference keys
   * @param layerType of the layers' matrices
   * @param cacheType of the window's keys and values
   */
  public record Job(
      ModelShape model, VaeConfig vae, DType activationType, DType layerType, DType cacheType) {
    private double decodeOperations() {
      double pixels =
          (double) BLOCK_VIDEO_FRAMES
              * model.grid().latentRows()
              * model.grid().latentColumns()
              * VaeConfig.SPATIAL_STRIDE
              * VaeConfig.SPATIAL_STRIDE;
      double width = vae.levelWidths().get(0) / OFFICIAL_VAE_WIDTH;
      return pixels * DECODE_OPERATIONS_PER_PIXEL * width * width;
    }

    /** Returns the bytes that a forward reads of one layer's caches, without its own block. */
    private double cacheBytesRead(ForwardWork work) {
      double width = model.dit().width();
      double window = 2 * width * (work.keys() - work.tokens()) * cacheType.bytes();
      double text = 2 * width * model.dit().textTokens() * activationType.bytes();
      double reference = width * model.grid().frameTokens() * activationType.bytes();
      return window + text + reference;
    }

    private double cacheBytesWritten(ForwardWork work) {
      return 2.0 * model.dit().width() * work.tokens() * cacheType.bytes();
    }
  }

  /**
   * Forecasts an engine on one device.
   *
   * @param residency what stays on the device; the rest is copied
   * @param weightSeconds that the weights of a layer take to come, caches coming from the host
   * @param devices that divide every forward by tokens and heads: queries, keys, values and results
   *     change devices in every layer, and decoding is not divided
   */
  public static SweepForecast of(
      Job job,
      Residency residency,
      double weightSeconds,
      int lanes,
      int devices,
      DeviceSpeed speed) {
    ForwardWork work = ForwardWork.of(job.model());
    int layers = job.model().dit().layers();
    double forward = speed.forwardSeconds(work, job.layerType(), job.cacheType());
    LayerSweep sweep =
        new LayerSweep(
            layers,
            lanes,
            residency,
            forward / layers / devices + exchangeSeconds(job.model(), devices, speed),
            weightSeconds,
            speed.hostSeconds(job.cacheBytesRead(work)),
            speed.hostSeconds(job.cacheBytesWritten(work)));
    return new SweepForecast(
        lanes,
        job.model().steps(),
        sweep.seconds(),
        speed.convolutionSeconds(job.decodeOperations()));
  }

  private static double exchangeSeconds(ModelShape model, int devices, DeviceSpeed speed) {
    double elements =
        4.0 * model.grid().blockTokens() / devices * model.dit().width() * (devices - 1) / devices;
    return speed.peerSeconds(elements * DType.BF16.bytes());
  }

  /**
   * Returns the frames a second of a pipeline as fast as its slowest device.
   *
   * @param share of all steps' forwards that this device does
   * @param decodes whether it decodes, too
   */
  public double pipelineFps(double share, boolean decodes) {
    double seconds = share * steps * sweepSeconds / lanes + (decodes ? decodeSeconds : 0);
    return BLOCK_VIDEO_FRAMES / seconds;
  }

  /** Returns the frames a second of all lanes, of denoising alone. */
  public double denoiseFps() {
    return lanes * BLOCK_VIDEO_FRAMES / (steps * sweepSeconds);
  }

  /** Returns the frames a second of all lanes, decoded. */
  public double fps() {
    return lanes * BLOCK_VIDEO_FRAMES / (steps * sweepSeconds + lanes * decodeSeconds);
  }
}
