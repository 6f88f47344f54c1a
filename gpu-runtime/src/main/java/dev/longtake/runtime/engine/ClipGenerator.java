package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.FrameSink;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.engine.device.Readback;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.LayerPass;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.spi.LanePass;
import dev.longtake.runtime.tensor.Tensor;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Generates one take: clip by clip, frame block by frame block, step by step. Every strategy is
 * driven by this loop.
 */
final class ClipGenerator {
  /** Video frames at the start of a take that are not kept: the model settles in them. */
  static final int DROPPED_FRAMES = 3;

  /** Motion latents that the decoder sees before a take that starts from a still picture. */
  private static final int STILL_LATENTS = 7;

  private static final int BLOCK_VIDEO_FRAMES = EngineShape.blockVideoFrames();

  private final ModelStack stack;
  private final Ops ops;
  private final Lane lane;
  private final TakeSpec spec;
  private final TakeNoise random;
  private final Consumer<LanePass> sweeper;
  private final GenerationListener listener;
  private final FrameDelivery delivery;
  private int clip;
  private int block;
  private boolean begun; // the next block's first forward is queued already

  /**
   * Creates the generator of a take; does nothing yet.
   *
   * @param readback of the lane
   * @param sweeper takes a forward through all layers before it returns, perhaps with others;
   *     called when nothing is taken from the workspace
   */
  ClipGenerator(
      ModelStack stack,
      Lane lane,
      Readback readback,
      TakeSpec spec,
      TakeNoise random,
      Consumer<LanePass> sweeper,
      GenerationListener listener) {
    this.stack = stack;
    this.ops = stack.ops();
    this.lane = lane;
    this.spec = spec;
    this.random = random;
    this.sweeper = sweeper;
    this.listener = listener;
    this.delivery = new FrameDelivery(stack.shape(), readback);
  }

  /** Shows the decoder what came before, and fills the caches with the conditions. */
  void start() {
    requireShapes();
    ops.upload(spec.picture().reference().values(), 0, lane.reference());
    prime();
    boolean isStill = !stack.shape().carriesMotion();
    TakeState seen = isStill ? spec.picture().still() : spec.start();
    ops.upload(seen.motion().values(), 0, lane.motion());
    sweep(0, prompted());
    listener.conditioned(clip, lane.caches());
  }

  private LayerPass prompted() {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor context =
          ops.workspace()
              .tensor(ops.activationType(), spec.prompt().extent(0), spec.prompt().extent(1));
      ops.upload(spec.prompt().values(), 0, context);
      return lane.dit().start(context, lane.reference(), lane.motion());
    }
  }

  /** Shows the decoder what came before, so that the picture does not jump. */
  private void prime() {
    ops.upload(spec.start().motion().values(), 0, lane.motion());
    lane.decoder().reset();
    int primingLatents = spec.start().moving() ? DitConfig.MOTION_FRAMES : STILL_LATENTS;
    for (int i = 0; i < primingLatents; i++) {
      decode(lane.motion().slice(i, 1));
    }
  }

  /** Returns whether the next block is the first of a clip. */
  boolean atClipStart() {
    return block == 0;
  }

  /** Returns whether there is sound that the next block would speak. */
  boolean soundFollows() {
    return firstLatentFrame() * VaeConfig.TEMPORAL_STRIDE < spec.audio().extent(0);
  }

  /** Returns how many frames a sink was given. */
  int frames() {
    return delivery.frames();
  }

  FrameHistory history() {
    return delivery.history();
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
    delivery.deliverNext(sink);
    for (int step = 1; step < stack.shape().model().steps(); step++) {
      int stepIndex = step;
      device.execute(() -> denoise(stepIndex));
      delivery.deliverNext(sink);
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
      device.execute(() -> denoise(0));
      begun = true;
    }
  }

  /** Gives all frames to the sink that it has not got yet, and waits for them. */
  void deliver(FrameSink sink) {
    while (delivery.pending()) {
      delivery.deliverNext(sink);
    }
  }

  private void beginBlock() {
    if (clip == 1 && block == 0) {
      // From here on the reference is the video's own first frame instead of the picture.
      sweep(0, lane.dit().condition(lane.reference(), lane.motion()));
      listener.conditioned(clip, lane.caches());
    }
    listener.blockStarted(clip, block);
    int firstLatentFrame = firstLatentFrame();
    float[] noise = new float[Math.toIntExact(lane.latents().shape().elements())];
    random.noise(clip, block, noise);
    ops.upload(noise, 0, lane.latents());
    try (Arena.Scope scope = ops.workspace().scope()) {
      int width = spec.audio().extent(1);
      Tensor sound = ops.workspace().tensor(ops.activationType(), BLOCK_VIDEO_FRAMES, width);
      ops.upload(soundOf(firstLatentFrame * VaeConfig.TEMPORAL_STRIDE), 0, sound);
      lane.dit().beginBlock(sound, firstLatentFrame);
    }
  }

  private void denoise(int step) {
    int distance = random.relativeDistance(clip, block, step);
    sweep(step, lane.dit().denoise(lane.latents(), step, distance, layerWatch(step)));
    lane.dit().velocity(step, lane.velocity());
    listener.velocity(clip, block, step, lane.velocity());
    ops.addScaled(lane.latents(), lane.velocity(), stack.schedule().stepSize(step));
  }

  private void finishBlock() {
    listener.latents(clip, block, lane.latents());
    listener.decoding(clip, block);
    boolean first = clip == 0 && block == 0;
    if (first) {
      ops.copy(lane.latents().slice(0, 1), lane.reference());
    }
    for (int i = 0; i < DitConfig.BLOCK_FRAMES; i++) {
      int dropped = first && i == 0 ? DROPPED_FRAMES : 0;
      delivery.add(decode(lane.latents().slice(i, 1)), dropped);
    }
    listener.decoded(clip, block);
    block++;
    if (block == stack.shape().model().blocks()) {
      block = 0;
      clip++;
    }
  }

  private int firstLatentFrame() {
    return clip * stack.shape().model().clipLatentFrames() + block * DitConfig.BLOCK_FRAMES;
  }

  private Runnable layerWatch(int step) {
    return () -> listener.layer(clip, block, step, lane.dit()::hidden);
  }

  private void sweep(int step, LayerPass pass) {
    sweeper.accept(new LanePass(lane.caches(), step, pass));
  }

  /** Returns the block's rows of the audio, zeros beyond its end. */
  private float[] soundOf(int first) {
    int width = spec.audio().extent(1);
    int count = Math.max(0, Math.min(BLOCK_VIDEO_FRAMES, spec.audio().extent(0) - first));
    float[] rows = new float[BLOCK_VIDEO_FRAMES * width];
    if (count > 0) {
      System.arraycopy(spec.audio().values(), first * width, rows, 0, count * width);
    }
    return rows;
  }

  private Tensor decode(Tensor latent) {
    Tensor decoded = lane.frames().slice(0, lane.decoder().nextFrames());
    lane.decoder().decode(latent, decoded);
    return decoded;
  }

  private void requireShapes() {
    DitConfig dit = stack.shape().model().dit();
    HostValues prompt = spec.prompt();
    HostValues audio = spec.audio();
    prompt.require("prompt", prompt.extent(0), dit.textWidth());
    audio.require("audio", audio.extent(0), dit.audioWidth());
    spec.picture().reference().require("reference", lane.reference().shape().toArray());
    spec.start().motion().require("motion", lane.motion().shape().toArray());
  }
}
