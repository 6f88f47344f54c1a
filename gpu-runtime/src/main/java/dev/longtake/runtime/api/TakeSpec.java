package dev.longtake.runtime.api;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

/**
 * What a take is made from.
 *
 * @param prompt [tokens, text width], from {@link AvatarEngine#encodePrompt}
 * @param picture from {@link AvatarEngine#encodePicture}
 * @param audio [frames, audio width] of the whole video, from {@link AvatarEngine#encodeAudio}
 * @param firstFrame video frame that the take begins with
 * @param start what the take goes on from: the picture standing still, or the take before
 * @param seed of the request
 * @param take index of the take in its video, from 0
 */
public record TakeSpec(
    HostValues prompt,
    PictureLatents picture,
    HostValues audio,
    int firstFrame,
    TakeState start,
    long seed,
    int take) {
  /** Checks what can be checked without an engine. */
  public TakeSpec {
    requireNonNull(prompt, "prompt");
    requireNonNull(picture, "picture");
    requireNonNull(audio, "audio");
    requireNonNull(start, "start");
    checkArgument(firstFrame >= 0, "firstFrame must not be negative, but was %s", firstFrame);
    checkArgument(take >= 0, "take must not be negative, but was %s", take);
  }

  /** Returns the first take of a video, which starts from the picture standing still. */
  public static TakeSpec first(
      HostValues prompt, PictureLatents picture, HostValues audio, long seed) {
    return new TakeSpec(prompt, picture, audio, 0, picture.still(), seed, 0);
  }
}
