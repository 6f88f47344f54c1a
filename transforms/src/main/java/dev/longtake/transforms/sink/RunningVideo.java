package dev.longtake.transforms.sink;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;

/** How far one video is. For one thread at a time. */
final class RunningVideo {
  private static final int WINDOW_CLIPS = 16; // speed is that of the latest clips
  private static final double NANOS = 1e9;

  private final int line;
  private final int clips;
  private final int frames;
  private final Instant started;
  private final Set<Long> done = new HashSet<>();
  private final ArrayDeque<Mark> marks = new ArrayDeque<>();
  private long framesDone;
  private long framesRendered;

  /** How many frames had been rendered at a time. */
  private record Mark(Instant time, long framesRendered) {}

  RunningVideo(int line, int clips, int frames, Instant now) {
    this.line = line;
    this.clips = clips;
    this.frames = frames;
    this.started = now;
    marks.add(new Mark(now, 0));
  }

  /** Returns the line of the manifest that asks for it. */
  int line() {
    return line;
  }

  int clips() {
    return clips;
  }

  int clipsDone() {
    return done.size();
  }

  Instant started() {
    return started;
  }

  /** Notes a clip that is done; one that was noted before changes nothing. */
  void clipDone(int take, int clip, int clipFrames, boolean isReused, Instant now) {
    if (!done.add((long) take << Integer.SIZE | clip)) {
      return;
    }
    framesDone += clipFrames;
    if (isReused) {
      if (framesRendered == 0) { // what is read from the store says nothing about rendering
        marks.clear();
        marks.add(new Mark(now, 0));
      }
      return;
    }
    framesRendered += clipFrames;
    marks.add(new Mark(now, framesRendered));
    if (marks.size() > WINDOW_CLIPS + 1) {
      marks.remove();
    }
  }

  /** Returns frames per second of the latest rendered clips; NaN before there is one. */
  double framesPerSecond() {
    Mark first = marks.getFirst();
    Mark last = marks.getLast();
    double seconds = Duration.between(first.time, last.time).toNanos() / NANOS;
    return seconds > 0 ? (last.framesRendered - first.framesRendered) / seconds : Double.NaN;
  }

  /** Returns the seconds until it is done, at least 0; NaN while the speed is not known. */
  double secondsLeft(Instant now) {
    double framesPerSecond = framesPerSecond();
    double sinceLast = Duration.between(marks.getLast().time, now).toNanos() / NANOS;
    return Double.isFinite(framesPerSecond)
        ? Math.max(0, (frames - framesDone) / framesPerSecond - sinceLast)
        : Double.NaN;
  }
}
