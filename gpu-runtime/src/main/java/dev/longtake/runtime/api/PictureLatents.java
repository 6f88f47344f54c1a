package dev.longtake.runtime.api;

/**
 * A reference picture as the model sees it.
 *
 * @param reference [1, h, w, C]
 * @param still the picture standing still, for a take to start from
 */
public record PictureLatents(HostValues reference, TakeState still) {}
