package dev.longtake.runtime.model.vae;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;

/**
 * Turns normalised latents into video frames, one latent frame at a time; the video goes on from
 * call to call until {@link #reset()}. Decoding in pieces gives exactly what decoding at once does.
 *
 * <p>One decoder serves one video. Not safe for use by several threads.
 */
public final class StreamingVaeDecoder {
  private final Ops ops;
  private final DecoderWeights weights;
  private final Shape latentFrame;
  private final Shape layerInputFrame;
  private final Shape videoFrame;
  private final LatentScaling restore;
  private final CausalConv3d input;
  private final LayerStack layers;
  private final NormConv head;
  private boolean started;

  /**
   * Makes a decoder for videos of one size, at the beginning of one. Waits for nothing.
   *
   * @param ops what computes; the weights must be in its memory. Intermediates come from its
   *     workspace.
   * @param state where the memory of past frames is taken from; it must live as long as the decoder
   * @param latentHeight rows of latent cells
   * @param latentWidth columns of latent cells
   */
  public StreamingVaeDecoder(
      Ops ops, VaeWeights weights, Arena state, int latentHeight, int latentWidth) {
    checkArgument(
        latentHeight > 0 && latentWidth > 0,
        "latentHeight and latentWidth must be positive, but were %s and %s",
        latentHeight,
        latentWidth);
    this.ops = ops;
    this.weights = weights.decoder();
    this.latentFrame = Shape.of(1, latentHeight, latentWidth, weights.config().latentChannels());
    this.restore = LatentScaling.restoring(ops, state, weights.config());
    Conv first = this.weights.input();
    this.input = new CausalConv3d(ops, first, state, latentHeight, latentWidth);
    this.layerInputFrame = Shape.of(1, latentHeight, latentWidth, first.shape().outChannels());
    this.layers = new LayerStack(ops, this.weights.layers(), state, layerInputFrame);
    int height = latentHeight * VaeConfig.SPATIAL_STRIDE;
    int width = latentWidth * VaeConfig.SPATIAL_STRIDE;
    this.head = new NormConv(ops, this.weights.head(), state, height, width);
    this.videoFrame = Shape.of(1, height, width, VaeConfig.COLOURS);
    reset();
  }

  /** Forgets the video: the next latent frame is the first of another. Does not wait. */
  public void reset() {
    input.reset();
    layers.reset();
    head.reset();
    started = false;
  }

  /** Returns how many video frames the next latent frame becomes: 1 for the first, then 4. */
  public int nextFrames() {
    return started ? VaeConfig.TEMPORAL_STRIDE : 1;
  }

  /**
   * Decodes the next latent frame. Does not wait.
   *
   * @param latent [1, h, w, latent channels], normalised, of any type; not changed
   * @param frames [{@link #nextFrames()}, 8·h, 8·w, 3], of the activation type; filled with values
   *     that are mostly in [-1, 1] but not clamped to it
   * @throws IllegalArgumentException if a tensor has another type or shape
   */
  public void decode(Tensor latent, Tensor frames) {
    latent.require("latent", latent.dtype(), latentFrame);
    frames.require("frames", ops.activationType(), videoFrame.withOutermost(nextFrames()));
    Arena workspace = ops.workspace();
    try (Arena.Scope scope = workspace.scope()) {
      List<Tensor> maps = layers.takeMaps(layerInputFrame);
      begin(latent, maps.get(0));
      head.run(layers.run(maps), frames);
    }
    started = true;
  }

  private void begin(Tensor latent, Tensor out) {
    Arena workspace = ops.workspace();
    try (Arena.Scope scope = workspace.scope()) {
      Tensor restored = workspace.tensor(ops.activationType(), latentFrame);
      ops.copy(latent, restored);
      restore.apply(restored, restored);
      FrameHistory.Window window = input.window(1);
      ops.linear(restored, weights.latent(), Activation.NONE, window.newFrames());
      input.run(window, out);
    }
  }
}
