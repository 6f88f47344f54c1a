package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.LongtakeEngine;
import dev.longtake.runtime.engine.device.Timeline;
import dev.longtake.runtime.sampling.TakeRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Videos that are rendered at once, each on a thread of its own. */
final class BenchLanes implements AutoCloseable {
  private final List<TakeSession> takes = new ArrayList<>();
  private final List<BlockMarks> marks = new ArrayList<>();

  private BenchLanes() {}

  /**
   * Renders a video for each of {@code specs}; close the result.
   *
   * @param timeline of {@code ops}
   * @param wanted frames of each video
   */
  static BenchLanes render(
      LongtakeEngine engine, List<TakeSpec> specs, Timeline timeline, TimedOps ops, int wanted) {
    BenchLanes lanes = new BenchLanes();
    ExecutorService threads = Executors.newFixedThreadPool(specs.size());
    try {
      List<Future<?>> rendering = new ArrayList<>();
      for (TakeSpec spec : specs) {
        BlockMarks ofLane = new BlockMarks(timeline, ops);
        lanes.marks.add(ofLane);
        rendering.add(
            threads.submit(
                () -> {
                  TakeRandom random = new TakeRandom(spec.seed(), spec.take());
                  TakeSession take = lanes.add(engine.open(spec, random, ofLane));
                  while (take.frames() < wanted) {
                    take.renderClip((frame, rgb) -> {});
                  }
                }));
      }
      for (Future<?> video : rendering) {
        video.get();
      }
      return lanes;
    } catch (ExecutionException e) {
      lanes.close();
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("a lane failed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while lanes rendered", e);
    } finally {
      threads.shutdownNow();
    }
  }

  private synchronized TakeSession add(TakeSession take) {
    takes.add(take);
    return take;
  }

  /** Returns the frame blocks of each lane. */
  List<List<BlockMarks.Block>> blocks() {
    return marks.stream().map(BlockMarks::blocks).toList();
  }

  /** Goes on with one of the videos, alone. */
  void renderOneMoreClip() {
    takes.get(0).renderClip((frame, rgb) -> {});
  }

  @Override
  public synchronized void close() {
    takes.forEach(TakeSession::close);
  }
}
