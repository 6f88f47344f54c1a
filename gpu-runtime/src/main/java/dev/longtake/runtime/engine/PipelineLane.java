package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.Handover.Slot;
import dev.longtake.runtime.engine.device.DeviceLinks;
import dev.longtake.runtime.engine.device.LinkTable;
import dev.longtake.runtime.engine.device.Readback;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one take on all devices of a pipeline, and the ways between them; used by one take
 * after another.
 */
final class PipelineLane {
  private final List<PipelineDevice> devices;
  private final int stages;
  private final List<StageLane> lanes = new ArrayList<>();
  private final List<Handover> blocks = new ArrayList<>(); // to each stage but the first
  private final List<Handover> references = new ArrayList<>(); // to each stage
  private final Handover latents;
  private final Readback readback;

  /**
   * Takes the memory of a lane, and opens the ways.
   *
   * @param devices of the pipeline, the stages first, what decodes last
   * @param number of the lane
   * @param resources gets what has to be closed before the devices
   */
  PipelineLane(
      List<PipelineDevice> devices,
      EngineShape shape,
      LinkTable links,
      int number,
      Resources resources) {
    this.devices = devices;
    this.stages = (int) devices.stream().filter(each -> each.parts().role().span() != null).count();
    for (PipelineDevice device : devices) {
      device.run(
          () ->
              lanes.add(
                  StageLane.allocate(
                      device.parts(),
                      shape,
                      device.ops(),
                      device.queues(),
                      device.reserved().lanes().get(number))));
    }
    int last = stages - 1;
    for (int stage = 0; stage < stages; stage++) {
      if (stage > 0) {
        List<Slot> slots = lanes.get(stage).blocks();
        blocks.add(way(stage - 1, stage, Queue.CACHES_IN, slots, links, resources));
      }
      // What the last stage has finished must not wait for what the first ones have not begun, nor
      // for weights. Nothing else is in this queue once stages have their weights.
      List<Slot> slots = lanes.get(stage).reference();
      references.add(way(last, stage, Queue.OUT, slots, links, resources));
    }
    int decoder = devices.size() - 1;
    this.latents = way(last, decoder, Queue.OUT, lanes.get(decoder).latents(), links, resources);
    PipelineDevice decoding = devices.get(decoder);
    this.readback =
        resources.add(
            decoding.get(
                () ->
                    decoding
                        .device()
                        .openReadback(
                            decoding.ops(), DitConfig.BLOCK_FRAMES, shape.latentFrameValues())));
  }

  private Handover way(
      int from, int to, Queue queue, List<Slot> slots, LinkTable links, Resources resources) {
    PipelineDevice source = devices.get(from);
    PipelineDevice target = devices.get(to);
    return new Handover(
        resources.add(
            DeviceLinks.open(
                source.device(),
                source.queues(),
                target.device(),
                target.queues(),
                links.between(from, to))),
        queue,
        slots);
  }

  /** Returns how many devices denoise: the first ones. */
  int stages() {
    return stages;
  }

  PipelineDevice device(int index) {
    return devices.get(index);
  }

  /** Returns the device that decodes. */
  PipelineDevice decoder() {
    return devices.get(devices.size() - 1);
  }

  StageLane lane(int index) {
    return lanes.get(index);
  }

  /** Returns the memory on the device that decodes. */
  StageLane decoderLane() {
    return lanes.get(lanes.size() - 1);
  }

  Readback readback() {
    return readback;
  }

  /** Returns the way by which finished latents come to be decoded. */
  Handover latents() {
    return latents;
  }

  StageTake.Ways ways(int stage) {
    boolean last = stage == stages - 1;
    return new StageTake.Ways(
        stage == 0 ? null : blocks.get(stage - 1),
        last ? latents : blocks.get(stage),
        last ? null : devices.get(stage + 1).parts().span(),
        references.get(stage),
        last ? references : List.of());
  }

  /** Lets nobody wait on any way any more; see {@link Handover#end}. */
  void end(@Nullable RuntimeException cause) {
    blocks.forEach(way -> way.end(cause));
    references.forEach(way -> way.end(cause));
    latents.end(cause);
  }

  /** Makes ready for another take; no thread may be using this. */
  void reset() {
    blocks.forEach(Handover::reset);
    references.forEach(Handover::reset);
    latents.reset();
  }
}
