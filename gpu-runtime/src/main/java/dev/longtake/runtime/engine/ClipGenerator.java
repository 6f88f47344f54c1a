package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.FrameSink;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.model.dit.LayerRange;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.spi.LanePass;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Generates one take on one device: clip by clip, frame block by frame block, step by step. What
 * the steps of a block are is {@link TakeDenoiser}'s, and the rest {@link TakeDecoder}'s.
 */
final class ClipGenerator {
  private final ModelShape model;
  private final Ops ops;
  private final LayerRange allLayers;
  private final DenoiseLane lane;
  private final TakeDenoiser denoiser;
  private final @Nullable TakeDecoder decoder; // null if another device decodes
  private final @Nullable FrameDelivery delivery;
  private final TakeSpec spec;
  private final GenerationListener listener;
  private BlockPosition at = BlockPosition.FIRST;
  private boolean begun; // the next block's first forward is queued already

  /**
   * Creates the generator of a take; does nothing yet.
   *
   * @param delivery of the decoded frames; null if nobody wants any, or another device decodes
   * @param sweeper takes a forward through all layers before it returns, perhaps with others;
   *     called when nothing is taken from the workspace
   */
  ClipGenerator(
      ModelStack stack,
      Lane lane,
      @Nullable FrameDelivery delivery,
      TakeSpec spec,
      TakeNoise random,
      Consumer<LanePass> sweeper,
      GenerationListener listener) {
    this.model = stack.shape().model();
    this.ops = stack.ops();
    this.allLayers = LayerRange.first(model.dit().layers());
    this.lane = lane.denoising();
    this.denoiser =
        new TakeDenoiser(stack.transformer(), lane.denoising(), spec, random, sweeper, listener);
    this.decoder =
        lane.decoding() == null
            ? null
            : new TakeDecoder(
                stack.media(),
                lane.decoding(),
                delivery == null ? (decoded, dropped) -> {} : delivery,
                spec,
                listener);
    this.delivery = delivery;
    this.spec = spec;
    this.listener = listener;
  }

  /** Shows the decoder what came before, and fills the caches with the conditions. */
  void start() {
    denoiser.load();
    if (decoder != null) {
      decoder.prime();
    }
    denoiser.start(allLayers);
    listener.conditioned(at.clip(), lane.caches());
  }

  /** Returns whether the next block is the first of a clip. */
  boolean atClipStart() {
    return at.block() == 0;
  }

  /** Returns whether there is sound that the next block would speak. */
  boolean soundFollows() {
    return at.firstSoundRow(model) < spec.audio().extent(0);
  }

  /**
   * Queues the next frame block, and gives the frames of the one before to the sink while the
   * device works on it.
   *
   * @param device carries out what is queued, a forward at a time, before it returns; the sink is
   *     called in between
   */
  void nextBlock(Executor device, FrameSink sink) {
    begin(device);
    deliverNext(sink);
    for (int step = 1; step < model.steps(); step++) {
      int stepIndex = step;
      device.execute(() -> denoiser.denoise(at, stepIndex, allLayers));
      deliverNext(sink);
    }
    deliver(sink);
    device.execute(this::finishBlock);
    begun = false;
  }

  /**
   * Queues the next block's first forward, unless that has been done: so that the device is not
   * idle while the frames before it are delivered, and the caller does something else.
   *
   * @param device as for {@link #nextBlock}
   */
  void begin(Executor device) {
    if (!begun) {
      device.execute(this::beginBlock);
      device.execute(() -> denoiser.denoise(at, 0, allLayers));
      begun = true;
    }
  }

  /** Gives all frames to the sink that it has not got yet, and waits for them. */
  void deliver(FrameSink sink) {
    if (delivery != null) {
      delivery.deliverAll(sink);
    }
  }

  private void deliverNext(FrameSink sink) {
    if (delivery != null) {
      delivery.deliverNext(sink);
    }
  }

  private void beginBlock() {
    if (at.changesReference()) {
      denoiser.condition(allLayers);
      listener.conditioned(at.clip(), lane.caches());
    }
    listener.blockStarted(at.clip(), at.block());
    denoiser.noise(at);
    denoiser.hear(at);
  }

  private void finishBlock() {
    Tensor latents = lane.latents();
    listener.latents(at.clip(), at.block(), latents);
    if (at.isFirst()) {
      // It becomes the reference when the next clip begins, instead of the picture.
      ops.copy(latents.slice(0, 1), lane.reference());
    }
    if (decoder != null) {
      decoder.decode(at, latents);
    }
    at = at.next(model);
  }
}
