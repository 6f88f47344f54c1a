package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What a {@link Feasibility} is wanted of.
 *
 * @param model {@code 14b} for the official shape without its files, or a checkpoint's directory
 * @param gpus for example {@code 5x24GiB}, {@code rtx4090,2xh100} or {@code official}; empty for
 *     those of this machine
 * @param height rows of a video frame, {@code width} columns
 * @param clipFrames video frames of a clip
 * @param sampleSteps denoising steps
 * @param precision of the transformer; empty for all that a GPU computes in
 * @param kvPrecision of cached keys and values; likewise
 * @param lanes takes in progress at once, or {@link EngineConfig#LANES_AUTO}
 * @param budgetBytes most memory to use on each GPU
 * @param hostBytes that a host has for pinning; 0 for what this one has
 * @param frames that are to be rendered; 0 if that is not known
 */
public record FeasibilityQuery(
    String model,
    String gpus,
    int height,
    int width,
    int clipFrames,
    int sampleSteps,
    Optional<Precision> precision,
    Optional<Precision> kvPrecision,
    int lanes,
    long budgetBytes,
    long hostBytes,
    long frames) {
  /** The official shape. */
  public static final String OFFICIAL_MODEL = "14b";

  /** Checks that nothing was forgotten. */
  public FeasibilityQuery {
    requireNonNull(model, "model");
    requireNonNull(gpus, "gpus");
    requireNonNull(precision, "precision");
    requireNonNull(kvPrecision, "kvPrecision");
    checkArgument(
        lanes >= 0 && budgetBytes > 0 && hostBytes >= 0 && frames >= 0,
        "not a question: %s lanes, %s and %s bytes, %s frames",
        lanes,
        budgetBytes,
        hostBytes,
        frames);
  }
}
