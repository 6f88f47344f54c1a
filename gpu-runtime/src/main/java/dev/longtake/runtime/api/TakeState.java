package dev.longtake.runtime.api;

/**
 * How a take ends, for the next one to go on from.
 *
 * @param motion [19, h, w, C] latents of the last 73 video frames, oldest first
 * @param moving whether these are frames of a video; false for a picture standing still
 */
public record TakeState(HostValues motion, boolean moving) {}
