package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.ops.KvRun;

/**
 * What a forward does with a layer's caches: the same in every layer.
 *
 * @param ringToken where in the ring the forward puts its own tokens, counted from the conditions
 * @param ringTokens how much of the ring is in use, its own tokens included
 * @param ownTokens how many it puts there
 */
public record CacheUse(Kind kind, int ringToken, int ringTokens, int ownTokens) {
  /** What a forward is for. */
  public enum Kind {
    /** Fills the text's keys and values, and the conditions' as {@link #CONDITION} does. */
    START,
    /** Reads the text, and writes the conditions: in all windows, and the reference's keys. */
    CONDITION,
    /** Reads everything, and writes its own tokens; the reference's turned keys are its own too. */
    DENOISE
  }

  /** Fills text and conditions. */
  public static CacheUse start() {
    return new CacheUse(Kind.START, 0, 0, 0);
  }

  /** Fills the conditions again. */
  public static CacheUse condition() {
    return new CacheUse(Kind.CONDITION, 0, 0, 0);
  }

  /** Denoises a frame block. */
  public static CacheUse denoise(int ringToken, int ringTokens, int ownTokens) {
    return new CacheUse(Kind.DENOISE, ringToken, ringTokens, ownTokens);
  }

  /** Reads text and conditions, and writes nothing. */
  public static CacheUse look() {
    return denoise(0, 0, 0);
  }

  /** Returns what a denoising forward writes. */
  public KvRun own(KeyWindow window) {
    return window.ring(ringToken, ownTokens);
  }
}
