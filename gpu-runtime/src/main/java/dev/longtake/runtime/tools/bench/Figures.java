package dev.longtake.runtime.tools.bench;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a measurement is kept as: one flat record. What does not apply is null.
 *
 * @param command as it was given, so that it can be given again
 * @param forwardMillisMedian of the forwards that saw a full window, {@code forwardMillisMin}
 *     likewise
 * @param ceilingShare the time of a forward's matrix products and attention at the ceilings, over
 *     the forward's
 * @param ditFps frames per second of denoising alone; {@code vaeDecodeFps} of decoding alone
 * @param endToEndFps frames per second from the open engine to the last frame
 * @param plannedHostBytes of pinned host memory
 * @param plannedPeakBytes of the device that needs most
 * @param driverPeakBytes in use on the device that has most in use, by the driver's own account
 * @param takeFps frames per second from the beginning of the takes to the last frame
 * @param plannedPeakBytesEach of each device, {@code driverPeakBytesEach} likewise
 * @param stageMillis of a pipeline, how long each stage works on a frame block
 * @param residentTakeFps of the run that this one is compared with
 * @param speedupVsResident {@code takeFps} over that, where it had one device
 * @param shareOfTwoResidents the same, where it had an engine on every device
 */
@JsonPropertyOrder({
  "device",
  "date",
  "command",
  "shape",
  "size",
  "strategy",
  "precision",
  "kv_precision",
  "lanes",
  "vram_limit_bytes",
  "forward_ms_median",
  "forward_ms_min",
  "ceiling_share",
  "gemm_tflops_ceiling",
  "attention_tflops_ceiling",
  "copy_gbps_ceiling",
  "dit_fps",
  "e2e_fps",
  "vae_decode_fps",
  "startup_s",
  "planned_peak_bytes",
  "planned_host_bytes",
  "driver_peak_bytes",
  "take_fps",
  "planned_peak_bytes_each",
  "driver_peak_bytes_each",
  "stage_ms",
  "resident_take_fps",
  "speedup_vs_resident",
  "share_of_two_residents"
})
record Figures(
    @JsonProperty("device") String device,
    @JsonProperty("date") String date,
    @JsonProperty("command") String command,
    @JsonProperty("shape") String shape,
    @JsonProperty("size") String size,
    @JsonProperty("strategy") String strategy,
    @JsonProperty("precision") String precision,
    @JsonProperty("kv_precision") String kvPrecision,
    @JsonProperty("lanes") int lanes,
    @JsonProperty("vram_limit_bytes") @Nullable Long vramLimitBytes,
    @JsonProperty("forward_ms_median") @Nullable Double forwardMillisMedian,
    @JsonProperty("forward_ms_min") @Nullable Double forwardMillisMin,
    @JsonProperty("ceiling_share") @Nullable Double ceilingShare,
    @JsonProperty("gemm_tflops_ceiling") @Nullable Double gemmTflopsCeiling,
    @JsonProperty("attention_tflops_ceiling") @Nullable Double attentionTflopsCeiling,
    @JsonProperty("copy_gbps_ceiling") @Nullable Double copyGbpsCeiling,
    @JsonProperty("dit_fps") double ditFps,
    @JsonProperty("e2e_fps") double endToEndFps,
    @JsonProperty("vae_decode_fps") double vaeDecodeFps,
    @JsonProperty("startup_s") double startupSeconds,
    @JsonProperty("planned_peak_bytes") long plannedPeakBytes,
    @JsonProperty("planned_host_bytes") long plannedHostBytes,
    @JsonProperty("driver_peak_bytes") @Nullable Long driverPeakBytes,
    @JsonProperty("take_fps") double takeFps,
    @JsonProperty("planned_peak_bytes_each") List<Long> plannedPeakBytesEach,
    @JsonProperty("driver_peak_bytes_each") List<@Nullable Long> driverPeakBytesEach,
    @JsonProperty("stage_ms") @Nullable List<Double> stageMillis,
    @JsonProperty("resident_take_fps") @Nullable Double residentTakeFps,
    @JsonProperty("speedup_vs_resident") @Nullable Double speedupVsResident,
    @JsonProperty("share_of_two_residents") @Nullable Double shareOfTwoResidents) {}
