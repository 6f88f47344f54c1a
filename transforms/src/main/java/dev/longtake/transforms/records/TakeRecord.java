package dev.longtake.transforms.records;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the work store says of a take that is complete.
 *
 * @param clips in order
 * @param strategy how the model was placed
 * @param choice the same in full, and why; empty if that was not kept
 * @param tail where the frames are that the take would have gone on with, bytes [frames, H, W, 3],
 *     for the next one to be faded in; empty if there are none
 */
public record TakeRecord(
    List<ClipRecord> clips, String strategy, @Nullable String choice, String tail) {
  /** Copies the list. */
  public TakeRecord {
    clips = List.copyOf(clips);
    requireNonNull(strategy, "strategy");
    choice = choice == null ? "" : choice; // records of earlier versions have none
    requireNonNull(tail, "tail");
  }

  /**
   * One clip.
   *
   * @param frames that are kept of it
   * @param location of its fragment, {@code digest} its SHA-256, {@code bytes} its length
   * @param renderSeconds how long it took
   * @param startedMillis when its rendering began, since 1970
   */
  public record ClipRecord(
      int frames,
      String location,
      String digest,
      long bytes,
      double renderSeconds,
      long startedMillis) {}

  /** Returns the video frames that are kept of the take. */
  public int frames() {
    return clips.stream().mapToInt(ClipRecord::frames).sum();
  }
}
