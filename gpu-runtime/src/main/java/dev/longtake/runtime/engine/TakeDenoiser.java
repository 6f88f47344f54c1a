package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.LayerPass;
import dev.longtake.runtime.model.dit.LayerRange;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.spi.LanePass;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.function.Consumer;

/** The forwards of one take, or those parts of them that take place on this device. */
final class TakeDenoiser {
  private static final int BLOCK_VIDEO_FRAMES = EngineShape.blockVideoFrames();

  private final Transformer transformer;
  private final Ops ops;
  private final ModelShape model;
  private final DenoiseLane lane;
  private final TakeSpec spec;
  private final TakeNoise random;
  private final Consumer<LanePass> sweeper;
  private final GenerationListener listener;

  /**
   * Creates what denoises a take; does nothing yet.
   *
   * @param sweeper takes a forward through its layers before it returns, perhaps with others;
   *     called when nothing is taken from the workspace
   */
  TakeDenoiser(
      Transformer transformer,
      DenoiseLane lane,
      TakeSpec spec,
      TakeNoise random,
      Consumer<LanePass> sweeper,
      GenerationListener listener) {
    this.transformer = transformer;
    this.ops = transformer.ops();
    this.model = transformer.shape().model();
    this.lane = lane;
    this.spec = spec;
    this.random = random;
    this.sweeper = sweeper;
    this.listener = listener;
  }

  DenoiseLane lane() {
    return lane;
  }

  /** Brings what the take is conditioned on to the device. */
  void load() {
    requireShapes();
    ops.upload(spec.picture().reference().values(), 0, lane.reference());
    boolean isStill = !transformer.shape().carriesMotion();
    TakeState seen = isStill ? spec.picture().still() : spec.start();
    ops.upload(seen.motion().values(), 0, lane.motion());
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor context =
          ops.workspace()
              .tensor(ops.activationType(), spec.prompt().extent(0), spec.prompt().extent(1));
      ops.upload(spec.prompt().values(), 0, context);
      lane.dit().embedPrompt(context);
    }
  }

  /** Fills the caches of some layers with prompt and conditions. */
  void start(LayerRange layers) {
    sweep(0, lane.dit().start(lane.reference(), lane.motion(), layers));
  }

  /** Fills the caches of some layers with the conditions again, of which the reference is new. */
  void condition(LayerRange layers) {
    sweep(0, lane.dit().condition(lane.reference(), lane.motion(), layers));
  }

  /** Puts noise where the block's latents will be. */
  void noise(BlockPosition at) {
    float[] noise = new float[Math.toIntExact(lane.latents().shape().elements())];
    random.noise(at.clip(), at.block(), noise);
    ops.upload(noise, 0, lane.latents());
  }

  /** Listens to the block's sound; to be called before its forwards. */
  void hear(BlockPosition at) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      int width = spec.audio().extent(1);
      Tensor sound = ops.workspace().tensor(ops.activationType(), BLOCK_VIDEO_FRAMES, width);
      ops.upload(soundOf(at.firstSoundRow(model)), 0, sound);
      lane.dit().beginBlock(sound, at.firstLatentFrame(model));
    }
  }

  /**
   * Takes the block through some layers of a denoising step, and through the step's end if the last
   * layer is among them.
   */
  void denoise(BlockPosition at, int step, LayerRange layers) {
    int distance = random.relativeDistance(at.clip(), at.block(), step);
    Runnable watch = () -> listener.layer(at.clip(), at.block(), step, lane.dit()::hidden);
    sweep(step, lane.dit().denoise(lane.latents(), step, distance, layers, watch));
    if (layers.end() == model.dit().layers()) {
      lane.dit().velocity(step, lane.velocity());
      listener.velocity(at.clip(), at.block(), step, lane.velocity());
      ops.addScaled(lane.latents(), lane.velocity(), transformer.schedule().stepSize(step));
    }
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

  private void requireShapes() {
    DitConfig dit = model.dit();
    HostValues prompt = spec.prompt();
    HostValues audio = spec.audio();
    prompt.require("prompt", prompt.extent(0), dit.textWidth());
    audio.require("audio", audio.extent(0), dit.audioWidth());
    spec.picture().reference().require("reference", lane.reference().shape().toArray());
    spec.start().motion().require("motion", lane.motion().shape().toArray());
  }
}
