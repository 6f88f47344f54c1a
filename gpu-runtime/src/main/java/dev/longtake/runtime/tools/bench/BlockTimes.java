package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.engine.device.Timeline;
import dev.longtake.runtime.tools.bench.BlockMarks.Block;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * How long a take's frame blocks took: those whose forwards saw a full window, or all of them if
 * there was but one clip. Several lanes share the device, so that a forward of one takes as long as
 * the sweep that it is part of.
 *
 * @param forwardMillis of every forward, ascending
 * @param denoiseSeconds of all forwards and what is between them; of several lanes, from the first
 *     block's begin to the last one's end, without decoding
 * @param decodeSeconds of all lanes
 * @param idleSeconds from the end of a block to the beginning of the next; of a single lane
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
   * @param lanes blocks of each lane
   * @param framesPerBlock that a frame block becomes; the first of a take loses three
   */
  static BlockTimes of(Timeline timeline, List<List<Block>> lanes, int framesPerBlock) {
    List<BlockTimes> alone =
        lanes.stream().map(own -> ofLane(timeline, own, framesPerBlock)).toList();
    if (alone.size() == 1) {
      return alone.get(0);
    }
    List<Double> forwards = new ArrayList<>();
    alone.forEach(lane -> forwards.addAll(lane.forwardMillis()));
    Collections.sort(forwards);
    double decode = alone.stream().mapToDouble(BlockTimes::decodeSeconds).sum();
    return new BlockTimes(
        forwards,
        spanSeconds(timeline, lanes) - decode,
        decode,
        0,
        alone.stream().mapToInt(BlockTimes::frames).sum());
  }

  /** Returns the time from the first block's begin to the last one's end, over all lanes. */
  private static double spanSeconds(Timeline timeline, List<List<Block>> lanes) {
    int origin = lanes.get(0).get(0).begin();
    double first = Double.MAX_VALUE;
    double last = 0;
    for (List<Block> blocks : lanes) {
      Block begin =
          blocks.stream().filter(block -> counts(block, blocks)).findFirst().orElseThrow();
      Block end = blocks.get(blocks.size() - 1);
      first = Math.min(first, timeline.millisBetween(origin, begin.begin()));
      last = Math.max(last, timeline.millisBetween(origin, end.decoded()));
    }
    return (last - first) / 1000;
  }

  private static boolean counts(Block block, List<Block> blocks) {
    return block.clip() > 0 || blocks.get(blocks.size() - 1).clip() == 0;
  }

  private static BlockTimes ofLane(Timeline timeline, List<Block> blocks, int framesPerBlock) {
    List<Double> forwards = new ArrayList<>();
    double denoise = 0;
    double decode = 0;
    double idle = 0;
    int frames = 0;
    for (int i = 0; i < blocks.size(); i++) {
      Block block = blocks.get(i);
      if (!counts(block, blocks)) {
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
