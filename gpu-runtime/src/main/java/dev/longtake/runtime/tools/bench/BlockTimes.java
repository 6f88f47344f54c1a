package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.engine.device.Timeline;
import dev.longtake.runtime.tools.bench.BlockMarks.Block;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * How long a take's frame blocks took: those whose forwards saw a full window, or all of them if
 * there was but one clip.
 *
 * @param forwardMillis of every forward, ascending
 * @param denoiseSeconds of all forwards and what is between them
 * @param idleSeconds from the end of a block to the beginning of the next
 * @param frames that these blocks became
 */
record BlockTimes(
    List<Double> forwardMillis,
    double denoiseSeconds,
    double decodeSeconds,
    double idleSeconds,
    int frames) {
  private static final int DROPPED_FRAMES = 3;

  /**
   * Waits for all blocks and reads their times.
   *
   * @param framesPerBlock that a frame block becomes; the first of a take loses three
   */
  static BlockTimes of(Timeline timeline, List<Block> blocks, int framesPerBlock) {
    boolean severalClips = blocks.get(blocks.size() - 1).clip() > 0;
    List<Double> forwards = new ArrayList<>();
    double denoise = 0;
    double decode = 0;
    double idle = 0;
    int frames = 0;
    for (int i = 0; i < blocks.size(); i++) {
      Block block = blocks.get(i);
      if (severalClips && block.clip() == 0) {
        continue;
      }
      int previous = block.begin();
      for (int mark : block.forwards()) {
        forwards.add(timeline.millisBetween(previous, mark));
        previous = mark;
      }
      denoise += timeline.millisBetween(block.begin(), block.denoised());
      decode += timeline.millisBetween(block.denoised(), block.decoded());
      idle += i == 0 ? 0 : timeline.millisBetween(blocks.get(i - 1).decoded(), block.begin());
      frames += i == 0 ? framesPerBlock - DROPPED_FRAMES : framesPerBlock;
    }
    Collections.sort(forwards);
    return new BlockTimes(forwards, denoise / 1000, decode / 1000, idle / 1000, frames);
  }

  double medianForwardMillis() {
    return forwardMillis.get(forwardMillis.size() / 2);
  }
}
