package dev.longtake.transforms.split;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.spi.FrameRange;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts takes into clips.
 *
 * <p>The model makes {@code inferFrames} frames for every clip of a take and drops the first three
 * of the take's first one, as the official rollout does. The last clip of a take is made whole and
 * kept as far as the take goes.
 *
 * @param inferFrames frames that are made for a clip, a positive multiple of 12
 */
public record ClipPlanner(int inferFrames) implements Serializable {
  private static final int BLOCK_FRAMES = 12;

  /** Checks the number of frames. */
  public ClipPlanner {
    checkArgument(
        inferFrames > 0 && inferFrames % BLOCK_FRAMES == 0,
        "inferFrames must be a positive multiple of %s, but was %s",
        BLOCK_FRAMES,
        inferFrames);
  }

  /** Returns how many clips a take of so many kept frames has. */
  public int count(int takeFrames) {
    checkArgument(takeFrames > 0, "takeFrames must be positive, but was %s", takeFrames);
    return (takeFrames + VideoTiming.DROPPED_FRAMES + inferFrames - 1) / inferFrames;
  }

  /** Returns the frames that are kept of every clip of a take, counted as the take's are. */
  public List<FrameRange> clips(FrameRange take) {
    int count = count(take.count());
    List<FrameRange> clips = new ArrayList<>(count);
    for (int clip = 0; clip < count; clip++) {
      int first = Math.max(0, clip * inferFrames - VideoTiming.DROPPED_FRAMES);
      int end = Math.min(take.count(), (clip + 1) * inferFrames - VideoTiming.DROPPED_FRAMES);
      clips.add(new FrameRange(take.first() + first, end - first));
    }
    return List.copyOf(clips);
  }

  /**
   * Returns the takes that are left of a video of at most so many clips. Takes that fit stay as
   * they are, so that what was rendered of them is used again when the limit is lifted.
   *
   * @param takes of the whole speech, in order
   * @param mostClips at least 1, counted over all takes
   * @return at least one take; the last may be shortened
   */
  public List<FrameRange> limit(List<FrameRange> takes, int mostClips) {
    checkArgument(mostClips > 0, "mostClips must be positive, but was %s", mostClips);
    List<FrameRange> left = new ArrayList<>();
    long clipsLeft = mostClips;
    for (FrameRange take : takes) {
      if (clipsLeft == 0) {
        break;
      }
      long most = clipsLeft * inferFrames - VideoTiming.DROPPED_FRAMES;
      left.add(new FrameRange(take.first(), (int) Math.min(take.count(), most)));
      clipsLeft = Math.max(0, clipsLeft - count(take.count()));
    }
    return List.copyOf(left);
  }

  /**
   * Returns all clips of a request, in order, to be routed to workers.
   *
   * @param routing which clips one worker gets
   */
  public List<Clip> split(PreparedRequest request, ClipRouting routing) {
    List<Clip> clips = new ArrayList<>();
    for (PlannedTake take : request.getTakes()) {
      String key = routing.key(request.getRequest().getId(), take.getIndex());
      List<FrameRange> ranges = clips(new FrameRange(take.getFirstFrame(), take.getFrames()));
      for (int clip = 0; clip < ranges.size(); clip++) {
        clips.add(
            Clip.builder()
                .setRequest(request)
                .setTake(take.getIndex())
                .setClip(clip)
                .setFirstFrame(ranges.get(clip).first())
                .setFrames(ranges.get(clip).count())
                .setRoutingKey(key)
                .build());
      }
    }
    return List.copyOf(clips);
  }
}
