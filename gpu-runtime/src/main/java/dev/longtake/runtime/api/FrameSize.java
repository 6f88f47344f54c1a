package dev.longtake.runtime.api;

/**
 * The size of a video's frames, in pixels.
 *
 * @param width columns
 * @param height rows
 */
public record FrameSize(int width, int height) {}
