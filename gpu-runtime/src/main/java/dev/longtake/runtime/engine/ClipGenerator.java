package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.FrameSink;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.LayerPass;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.spi.LanePass;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

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
  private final GenerationListener listener;
  private final FrameHistory history;
  private final float[] pixels;
  private final ByteBuffer rgb;
  private int clip;
  private int block;
  private int frames;

  ClipGenerator(
      ModelStack stack, Lane lane, TakeSpec spec, TakeNoise random, GenerationListener listener) {
    EngineShape shape = stack.shape();
    int frameValues = shape.height() * shape.width() * VaeConfig.COLOURS;
    this.stack = stack;
    this.ops = stack.ops();
    this.lane = lane;
    this.spec = spec;
    this.random = random;
    this.listener = listener;
    int clipFrames = shape.model().clipLatentFrames() * VaeConfig.TEMPORAL_STRIDE;
    this.history = new FrameHistory(ConditionEncoder.MOTION_VIDEO_FRAMES + clipFrames, frameValues);
    this.pixels = new float[VaeConfig.TEMPORAL_STRIDE * frameValues];
    this.rgb = ByteBuffer.allocate(frameValues);
  }

  /** Shows the decoder what came before, and fills the caches with the conditions. */
  void start() {
    requireShapes();
    ops.upload(spec.picture().reference().values(), 0, lane.reference());
    prime();
    boolean isStill = !stack.shape().carriesMotion();
    TakeState seen = isStill ? spec.picture().still() : spec.start();
    ops.upload(seen.motion().values(), 0, lane.motion());
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor context =
          ops.workspace()
              .tensor(ops.activationType(), spec.prompt().extent(0), spec.prompt().extent(1));
      ops.upload(spec.prompt().values(), 0, context);
      sweep(0, lane.dit().start(context, lane.reference(), lane.motion()));
      listener.conditioned(clip, lane.caches());
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

  /** Returns how many frames the sink was given. */
  int frames() {
    return frames;
  }

  FrameHistory history() {
    return history;
  }

  /** Generates and decodes the next frame block, and waits for it. */
  void nextBlock(FrameSink sink) {
    if (clip == 1 && block == 0) {
      // From here on the reference is the video's own first frame instead of the picture.
      sweep(0, lane.dit().condition(lane.reference(), lane.motion()));
      listener.conditioned(clip, lane.caches());
    }
    listener.blockStarted(clip, block);
    denoise();
    listener.latents(clip, block, lane.latents());
    if (clip == 0 && block == 0) {
      ops.copy(lane.latents().slice(0, 1), lane.reference());
    }
    for (int i = 0; i < DitConfig.BLOCK_FRAMES; i++) {
      boolean first = clip == 0 && block == 0 && i == 0;
      deliver(decode(lane.latents().slice(i, 1)), first ? DROPPED_FRAMES : 0, sink);
    }
    block++;
    if (block == stack.shape().model().blocks()) {
      block = 0;
      clip++;
    }
  }

  private void denoise() {
    ModelShape shape = stack.shape().model();
    int firstLatentFrame = clip * shape.clipLatentFrames() + block * DitConfig.BLOCK_FRAMES;
    float[] noise = new float[Math.toIntExact(lane.latents().shape().elements())];
    random.noise(clip, block, noise);
    ops.upload(noise, 0, lane.latents());
    try (Arena.Scope scope = ops.workspace().scope()) {
      int width = spec.audio().extent(1);
      Tensor sound = ops.workspace().tensor(ops.activationType(), BLOCK_VIDEO_FRAMES, width);
      ops.upload(soundOf(firstLatentFrame * VaeConfig.TEMPORAL_STRIDE), 0, sound);
      lane.dit().beginBlock(sound, firstLatentFrame);
    }
    for (int step = 0; step < shape.steps(); step++) {
      int distance = random.relativeDistance(clip, block, step);
      sweep(step, lane.dit().denoise(lane.latents(), step, distance, layerWatch(step)));
      lane.dit().velocity(step, lane.velocity());
      listener.velocity(clip, block, step, lane.velocity());
      ops.addScaled(lane.latents(), lane.velocity(), stack.schedule().stepSize(step));
    }
  }

  private Runnable layerWatch(int step) {
    return () -> listener.layer(clip, block, step, lane.dit().blockTokens());
  }

  private void sweep(int step, LayerPass pass) {
    stack.executor().sweep(List.of(new LanePass(lane.caches(), step, pass)));
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

  private void deliver(Tensor decoded, int dropped, FrameSink sink) {
    ops.download(decoded, pixels, 0);
    int frameValues = rgb.capacity();
    for (int i = dropped; i < decoded.shape().extent(0); i++) {
      for (int j = 0; j < frameValues; j++) {
        float clamped = Math.max(-1f, Math.min(1f, pixels[i * frameValues + j]));
        rgb.put(j, (byte) (int) ((clamped + 1f) / 2f * 255f));
      }
      history.add(rgb.clear());
      sink.accept(frames, rgb.clear().asReadOnlyBuffer());
      frames++;
    }
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
