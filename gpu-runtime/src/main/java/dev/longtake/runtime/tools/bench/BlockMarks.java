package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.engine.GenerationListener;
import dev.longtake.runtime.engine.device.Timeline;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Marks where each frame block of a take begins and ends, and its forwards and decoding between.
 */
final class BlockMarks implements GenerationListener {
  private final Timeline timeline;
  private final TimedOps ops;
  private final List<Block> blocks = new ArrayList<>();
  private List<Integer> forwards = new ArrayList<>();
  private int begin;
  private int denoised;

  /**
   * One frame block.
   *
   * @param forwards marks behind each forward
   */
  record Block(int clip, int begin, List<Integer> forwards, int denoised, int decoded) {}

  BlockMarks(Timeline timeline, TimedOps ops) {
    this.timeline = timeline;
    this.ops = ops;
  }

  /** Returns the blocks so far. */
  List<Block> blocks() {
    return List.copyOf(blocks);
  }

  @Override
  public void blockStarted(int clip, int block) {
    begin = timeline.mark();
    forwards = new ArrayList<>();
    ops.enter("forward");
  }

  @Override
  public void velocity(int clip, int block, int step, Tensor velocity) {
    forwards.add(timeline.mark());
  }

  @Override
  public void latents(int clip, int block, Tensor latents) {
    denoised = timeline.mark();
    ops.enter("decode");
  }

  @Override
  public void decoded(int clip, int block) {
    blocks.add(new Block(clip, begin, List.copyOf(forwards), denoised, timeline.mark()));
    ops.enter("");
  }
}
