package dev.longtake.runtime.tools.bench;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.OpenEngine;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.tools.bench.Clocks.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Videos that are rendered at once, each on a thread of its own. */
final class BenchLanes implements AutoCloseable {
  private final @Nullable TakeSession[] takes;
  private final List<BlockMarks> marks = new ArrayList<>();

  private BenchLanes(int lanes) {
    this.takes = new TakeSession[lanes];
  }

  /**
   * Renders a video for each of {@code specs}; close the result.
   *
   * @param clocks of the devices
   * @param wanted frames of each video
   */
  static BenchLanes render(OpenEngine engine, List<TakeSpec> specs, Clocks clocks, int wanted) {
    BenchLanes lanes = new BenchLanes(specs.size());
    ExecutorService threads = Executors.newFixedThreadPool(specs.size());
    try {
      List<Future<?>> rendering = new ArrayList<>();
      for (int i = 0; i < specs.size(); i++) {
        int lane = i;
        TakeSpec spec = specs.get(lane);
        BlockMarks ofLane = new BlockMarks(clocks);
        lanes.marks.add(ofLane);
        rendering.add(
            threads.submit(
                () -> {
                  TakeRandom random = new TakeRandom(spec.seed(), spec.take());
                  TakeSession take = lanes.add(lane, engine.open(spec, random, ofLane));
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

  private synchronized TakeSession add(int lane, TakeSession take) {
    takes[lane] = take;
    return take;
  }

  /** Returns the frame blocks of each lane. */
  List<List<BlockMarks.Block>> blocks() {
    return marks.stream().map(BlockMarks::blocks).toList();
  }

  /** Returns the seconds before the first block of a video. */
  double conditionSeconds() {
    BlockMarks first = marks.get(0);
    Mark begin = first.blocks().get(0).begin();
    return first.placed().isOfTheSameClockAs(begin) ? first.placed().millisUntil(begin) / 1000 : 0;
  }

  /**
   * Goes on with one of the videos, alone, and marks every operation.
   *
   * @return what took place; nothing if the video travels from device to device
   */
  List<TimedOps.Measured> markOneMoreClip() {
    BlockMarks first = marks.get(0);
    if (first.blocks().get(0).travelled()) {
      return List.of();
    }
    first.ops().begin(first.placed().clock());
    requireNonNull(takes[0]).renderClip((frame, rgb) -> {});
    return first.ops().end();
  }

  @Override
  public synchronized void close() {
    for (TakeSession take : takes) {
      if (take != null) {
        take.close();
      }
    }
  }
}
