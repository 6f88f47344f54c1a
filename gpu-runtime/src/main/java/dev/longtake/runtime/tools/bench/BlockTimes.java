package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.engine.device.Timeline;
import dev.longtake.runtime.tools.bench.BlockMarks.Block;
import dev.longtake.runtime.tools.bench.Clocks.Mark;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * How long takes' frame blocks took: those whose forwards saw a full window, or all of them if
 * there was but one clip. Several lanes share a device, so that a forward of one takes as long as
 * the sweep that it is part of.
 *
 * @param forwardMillis of every forward, ascending; empty for a pipeline, where nobody has a whole
 *     forward for himself
 * @param denoiseSeconds of all forwards and what is between them; of several lanes, from the first
 *     block's begin to the last one's end, without decoding; of a pipeline, from the end of the
 *     first block to the end of the last
 * @param decodeSeconds of all lanes
 * @param idleSeconds from the end of a block to the beginning of the next; of a single lane
 * @param frames that these blocks became
 * @param decodedFrames that decoding gave
 * @param stageMillis of a pipeline, how long each stage worked on a block, on average
 */
record BlockTimes(
    List<Double> forwardMillis,
    double denoiseSeconds,
    double decodeSeconds,
    double idleSeconds,
    int frames,
    int decodedFrames,
    List<Double> stageMillis) {
  private static final int DROPPED_FRAMES = 3;
  private static final double MILLIS = 1e3;

  /**
   * Waits for all blocks and reads their times.
   *
   * @param lanes blocks of each lane
   * @param framesPerBlock that a frame block becomes; the first of a take loses three
   */
  static BlockTimes of(List<List<Block>> lanes, int framesPerBlock) {
    if (lanes.get(0).get(0).travelled()) {
      return ofPipeline(lanes, framesPerBlock);
    }
    IdentityHashMap<Timeline, List<List<Block>>> byDevice = new IdentityHashMap<>();
    for (List<Block> lane : lanes) {
      Timeline clock = lane.get(0).begin().clock();
      byDevice.computeIfAbsent(clock, device -> new ArrayList<>()).add(lane);
    }
    return sideBySide(
        byDevice.values().stream().map(device -> ofDevice(device, framesPerBlock)).toList());
  }

  /** Adds up what devices do that have takes of their own: not times, but frames per second. */
  private static BlockTimes sideBySide(Collection<BlockTimes> devices) {
    if (devices.size() == 1) {
      return devices.iterator().next();
    }
    List<Double> forwards = new ArrayList<>();
    int frames = 0;
    double denoiseFps = 0;
    double decodeFps = 0;
    for (BlockTimes device : devices) {
      forwards.addAll(device.forwardMillis);
      frames += device.frames;
      denoiseFps += device.denoiseFps();
      decodeFps += device.decodeFps();
    }
    Collections.sort(forwards);
    return new BlockTimes(
        forwards, frames / denoiseFps, frames / decodeFps, 0, frames, frames, List.of());
  }

  private static BlockTimes ofDevice(List<List<Block>> lanes, int framesPerBlock) {
    List<BlockTimes> alone = lanes.stream().map(own -> ofLane(own, framesPerBlock)).toList();
    if (alone.size() == 1) {
      return alone.get(0);
    }
    List<Double> forwards = new ArrayList<>();
    alone.forEach(lane -> forwards.addAll(lane.forwardMillis()));
    Collections.sort(forwards);
    double decode = alone.stream().mapToDouble(BlockTimes::decodeSeconds).sum();
    int frames = alone.stream().mapToInt(BlockTimes::frames).sum();
    return new BlockTimes(
        forwards, spanSeconds(lanes) - decode, decode, 0, frames, frames, List.of());
  }

  /** Returns the time from the first block's begin to the last one's end, over all lanes. */
  private static double spanSeconds(List<List<Block>> lanes) {
    Mark origin = lanes.get(0).get(0).begin();
    double first = Double.MAX_VALUE;
    double last = 0;
    for (List<Block> blocks : lanes) {
      List<Block> counted = counted(blocks);
      Block end = counted.get(counted.size() - 1);
      first = Math.min(first, origin.millisUntil(counted.get(0).begin()));
      last = Math.max(last, origin.millisUntil(end.decoded()));
    }
    return (last - first) / MILLIS;
  }

  private static List<Block> counted(List<Block> blocks) {
    boolean oneClip = blocks.get(blocks.size() - 1).clip() == 0;
    return blocks.stream().filter(block -> oneClip || block.clip() > 0).toList();
  }

  private static BlockTimes ofLane(List<Block> blocks, int framesPerBlock) {
    List<Double> forwards = new ArrayList<>();
    double denoise = 0;
    double idle = 0;
    int frames = 0;
    List<Block> counted = counted(blocks);
    for (Block block : counted) {
      int i = blocks.indexOf(block);
      Mark previous = block.begin();
      for (Mark mark : block.forwards()) {
        forwards.add(previous.millisUntil(mark));
        previous = mark;
      }
      denoise += block.begin().millisUntil(block.denoised());
      idle += i == 0 ? 0 : blocks.get(i - 1).decoded().millisUntil(block.begin());
      frames += i == 0 ? framesPerBlock - DROPPED_FRAMES : framesPerBlock;
    }
    Collections.sort(forwards);
    return new BlockTimes(
        forwards,
        denoise / MILLIS,
        decodeSeconds(counted),
        idle / MILLIS,
        frames,
        frames,
        List.of());
  }

  /** What counts of a pipeline is how fast blocks leave it. */
  private static BlockTimes ofPipeline(List<List<Block>> lanes, int framesPerBlock) {
    List<Block> counted = lanes.stream().flatMap(lane -> counted(lane).stream()).toList();
    Mark origin = counted.get(0).denoised();
    double first = Double.MAX_VALUE;
    double last = -Double.MAX_VALUE;
    for (Block block : counted) {
      double end = origin.millisUntil(block.denoised());
      first = Math.min(first, end);
      last = Math.max(last, end);
    }
    int stages = counted.get(0).stages().size();
    List<Double> stageMillis = new ArrayList<>();
    for (int i = 0; i < stages; i++) {
      int stage = i;
      stageMillis.add(
          counted.stream()
              .mapToDouble(block -> block.stages().get(stage).millis())
              .average()
              .orElseThrow());
    }
    return new BlockTimes(
        List.of(),
        (last - first) / MILLIS,
        decodeSeconds(counted),
        0,
        (counted.size() - 1) * framesPerBlock,
        counted.size() * framesPerBlock,
        stageMillis);
  }

  private static double decodeSeconds(List<Block> blocks) {
    return blocks.stream().mapToDouble(block -> block.decoding().millisUntil(block.decoded())).sum()
        / MILLIS;
  }

  /** Returns how many frames were denoised a second. */
  double denoiseFps() {
    return frames / denoiseSeconds;
  }

  /** Returns how many frames were decoded a second of decoding. */
  double decodeFps() {
    return decodedFrames / decodeSeconds;
  }

  /** Returns the median, NaN where no forward was timed. */
  double medianForwardMillis() {
    return forwardMillis.isEmpty() ? Double.NaN : forwardMillis.get(forwardMillis.size() / 2);
  }

  /** Returns the least, NaN where no forward was timed. */
  double leastForwardMillis() {
    return forwardMillis.isEmpty() ? Double.NaN : forwardMillis.get(0);
  }
}
