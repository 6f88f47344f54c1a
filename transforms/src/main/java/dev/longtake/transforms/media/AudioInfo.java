package dev.longtake.transforms.media;

import java.util.OptionalDouble;

/**
 * What a file says about its sound, without decoding it.
 *
 * @param codec FFmpeg's name of the coding, for example {@code "mp3"}
 * @param sampleRateHz samples a second of each channel
 * @param channels number of channels, at least 1
 * @param seconds length as the file claims it, which a damaged file does not keep; absent if it
 *     claims none
 */
public record AudioInfo(String codec, int sampleRateHz, int channels, OptionalDouble seconds) {}
