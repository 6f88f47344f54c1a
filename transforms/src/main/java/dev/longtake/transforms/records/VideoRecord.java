package dev.longtake.transforms.records;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * What the work store says of a published video.
 *
 * @param location where it was published
 * @param digest its SHA-256
 * @param bytes its length
 * @param frames its video frames
 * @param takes what it was joined from, in order
 * @param sheet where its contact sheet, a PNG file, is in the work store
 */
public record VideoRecord(
    String location, String digest, long bytes, int frames, List<TakeRecord> takes, String sheet) {
  /** Copies the list. */
  public VideoRecord {
    requireNonNull(location, "location");
    requireNonNull(digest, "digest");
    requireNonNull(sheet, "sheet");
    takes = List.copyOf(takes);
  }
}
