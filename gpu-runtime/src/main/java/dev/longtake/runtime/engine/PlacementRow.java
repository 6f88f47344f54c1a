package dev.longtake.runtime.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * A way to place the model on a machine's GPUs, whether or not it fits.
 *
 * @param placement the strategy, and how GPUs share the work
 * @param precision of the transformer, {@code kvPrecision} of cached keys and values
 * @param gpus that it takes, {@code lanes} videos at once on all of them
 * @param bytes of the GPU that needs most, by use: weights, text encoder, lanes, workspace, driver
 * @param totalBytes their sum, {@code budgetBytes} what it may be
 * @param hostBytes pinned on the host by all GPUs, {@code hostBudgetBytes} what it may be
 * @param fpsPerVideo frames a second of one video, {@code fps} of all; null if it does not fit
 * @param gpuHours for all frames that are to be rendered; null if their number is not known
 * @param remark for people; may be empty
 */
record PlacementRow(
    @JsonProperty("placement") String placement,
    @JsonProperty("precision") String precision,
    @JsonProperty("kv_precision") String kvPrecision,
    @JsonProperty("gpus") int gpus,
    @JsonProperty("lanes") int lanes,
    @JsonProperty("bytes") Uses bytes,
    @JsonProperty("total_bytes") long totalBytes,
    @JsonProperty("budget_bytes") long budgetBytes,
    @JsonProperty("host_bytes") long hostBytes,
    @JsonProperty("host_budget_bytes") long hostBudgetBytes,
    @JsonProperty("fits") boolean fits,
    @JsonProperty("fps_per_video") @Nullable Double fpsPerVideo,
    @JsonProperty("fps") @Nullable Double fps,
    @JsonProperty("gpu_hours") @Nullable Double gpuHours,
    @JsonProperty("remark") String remark) {
  /** Bytes of one GPU by use. */
  record Uses(
      @JsonProperty("weights") long weights,
      @JsonProperty("text_encoder") long textEncoder,
      @JsonProperty("lanes") long lanes,
      @JsonProperty("workspace") long workspace,
      @JsonProperty("driver") long driver) {}
}
