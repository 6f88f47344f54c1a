package dev.longtake.runtime.tools.bench;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.engine.GenerationListener;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.Timeline;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.tools.bench.Clocks.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Marks where each frame block of a take begins and ends, and its forwards and decoding between.
 * Several blocks may be under way, on several devices.
 */
final class BlockMarks implements GenerationListener {
  private final Clocks clocks;
  private final List<Block> blocks = new ArrayList<>();
  private final Map<Long, Building> underWay = new TreeMap<>();
  private @Nullable Timeline clock;
  private @Nullable TimedOps ops;
  private @Nullable Mark placed;

  /**
   * One frame block.
   *
   * @param forwards marks behind each forward
   * @param decoding where decoding began
   * @param stages when each stage of a pipeline had it, in order; empty where there is none
   */
  record Block(
      int clip,
      Mark begin,
      List<Mark> forwards,
      Mark denoised,
      Mark decoding,
      Mark decoded,
      List<Stay> stages) {
    /** Returns whether it went from device to device. */
    boolean travelled() {
      return !begin.isOfTheSameClockAs(denoised) || !begin.isOfTheSameClockAs(decoded);
    }
  }

  /** A block's stay on one device. */
  record Stay(Mark begin, Mark end) {
    double millis() {
      return begin.millisUntil(end);
    }
  }

  /** What is known of a block that is under way. */
  private static final class Building {
    private final List<Mark> forwards = new ArrayList<>();
    private final List<Stay> stages = new ArrayList<>();
    private @Nullable Mark stageBegin;
    private @Nullable Mark begin;
    private @Nullable Mark denoised;
    private @Nullable Mark decoding;

    Block finished(int clip, Mark decoded) {
      return new Block(
          clip,
          requireNonNull(begin),
          List.copyOf(forwards),
          requireNonNull(denoised),
          requireNonNull(decoding),
          decoded,
          stages);
    }
  }

  /** Begins with no block. */
  BlockMarks(Clocks clocks) {
    this.clocks = clocks;
  }

  /** Returns the blocks so far; those of a pipeline, which goes on meanwhile, may become more. */
  synchronized List<Block> blocks() {
    return List.copyOf(blocks);
  }

  /** Returns the point before everything else of the take. */
  Mark placed() {
    return requireNonNull(placed);
  }

  /** Returns the operations of the device that was told of last. */
  TimedOps ops() {
    return requireNonNull(ops);
  }

  @Override
  public void placed(ComputeDevice device, Ops deviceOps) {
    clock = clocks.of(device, deviceOps);
    ops = (TimedOps) deviceOps;
    if (placed == null) {
      placed = mark();
    }
  }

  @Override
  public void blockStarted(int clip, int block) {
    building(clip, block).begin = mark();
    ops().enter("forward");
  }

  @Override
  public void stageStarted(int clip, int block) {
    building(clip, block).stageBegin = mark();
  }

  @Override
  public void stageDone(int clip, int block) {
    Building building = building(clip, block);
    building.stages.add(new Stay(requireNonNull(building.stageBegin), mark()));
  }

  @Override
  public void velocity(int clip, int block, int step, Tensor velocity) {
    building(clip, block).forwards.add(mark());
  }

  @Override
  public void latents(int clip, int block, Tensor latents) {
    building(clip, block).denoised = mark();
  }

  @Override
  public void decoding(int clip, int block) {
    building(clip, block).decoding = mark();
    ops().enter("decode");
  }

  @Override
  public void decoded(int clip, int block) {
    blocks.add(requireNonNull(underWay.remove(key(clip, block))).finished(clip, mark()));
    ops().enter("");
  }

  private Building building(int clip, int block) {
    return underWay.computeIfAbsent(key(clip, block), key -> new Building());
  }

  private static long key(int clip, int block) {
    return (long) clip << Integer.SIZE | block;
  }

  private Mark mark() {
    return Clocks.mark(requireNonNull(clock));
  }
}
