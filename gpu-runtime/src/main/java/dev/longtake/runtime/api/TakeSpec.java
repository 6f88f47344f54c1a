package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

/**
 * What a take is made from.
 *
 * @param prompt [tokens, text width], from {@link AvatarEngine#encodePrompt}
 * @param picture from {@link AvatarEngine#encodePicture}
 * @param audio [frames, audio width] from {@link AvatarEngine#encodeAudio}: what the take hears
 * @param start what the take goes on from: the picture standing still, or the take before
 * @param seed of the request
 * @param take index of the take in its video, from 0
 */
public record TakeSpec(
    HostValues prompt,
    PictureLatents picture,
    HostValues audio,
    TakeState start,
    long seed,
    int take) {
  /** Checks what can be checked without an engine. */
  public TakeSpec {
    requireNonNull(prompt, "prompt");
    requireNonNull(picture, "picture");
    requireNonNull(audio, "audio");
    requireNonNull(start, "start");
    checkArgument(take >= 0, "take must not be negative, but was %s", take);
  }

  /** Returns the first take of a video, which starts from the picture standing still. */
  public static TakeSpec first(
      HostValues prompt, PictureLatents picture, HostValues audio, long seed) {
    return new TakeSpec(prompt, picture, audio, picture.still(), seed, 0);
  }
}
