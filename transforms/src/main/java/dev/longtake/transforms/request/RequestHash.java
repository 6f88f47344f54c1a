package dev.longtake.transforms.request;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

/**
 * Everything but the speech that decides the pixels of a video. A location is not among it: a
 * picture may be moved or renamed, and what was rendered from it is still found.
 *
 * @param pictureDigest SHA-256 of the decoded picture's size and pixels, upright
 * @param prompt what the video is of
 * @param width columns of a video frame, {@code height} rows
 * @param seed what the random numbers start from
 * @param continuity how takes go on from one another
 * @param checkpointDigest digest of the weights and of the checkpoint's settings
 * @param precision number format of the transformer
 * @param sampleSteps denoising steps
 * @param inferFrames frames that are made for a clip
 * @param numericsVersion changes whenever the engine's results do
 */
public record RequestHash(
    String pictureDigest,
    String prompt,
    int width,
    int height,
    long seed,
    String continuity,
    String checkpointDigest,
    String precision,
    int sampleSteps,
    int inferFrames,
    int numericsVersion) {
  /** Checks that nothing was forgotten. */
  public RequestHash {
    requireNonEmpty(pictureDigest, "pictureDigest");
    requireNonNull(prompt, "prompt");
    requireNonEmpty(continuity, "continuity");
    requireNonEmpty(checkpointDigest, "checkpointDigest");
    requireNonEmpty(precision, "precision");
    checkArgument(
        width > 0 && height > 0 && sampleSteps > 0 && inferFrames > 0,
        "width, height, sampleSteps and inferFrames must be positive, but were %s, %s, %s and %s",
        width,
        height,
        sampleSteps,
        inferFrames);
  }

  /** Returns the hash as 64 lowercase hexadecimal digits. */
  public String hex() {
    return new CanonicalHash("longtake request")
        .field("pictureDigest", pictureDigest)
        .field("prompt", prompt)
        .field("width", width)
        .field("height", height)
        .field("seed", seed)
        .field("continuity", continuity)
        .field("checkpointDigest", checkpointDigest)
        .field("precision", precision)
        .field("sampleSteps", sampleSteps)
        .field("inferFrames", inferFrames)
        .field("numericsVersion", numericsVersion)
        .hex();
  }

  private static void requireNonEmpty(String value, String name) {
    checkArgument(!requireNonNull(value, name).isEmpty(), "%s must not be empty", name);
  }
}
