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
 * Turns videos into normalised latents, a few frames at a time. Not safe for use by several
 * threads.
 *
 * <p>The latents are the means of the encoder's distributions, less {@link VaeConfig#latentMean()}
 * and divided by {@link VaeConfig#latentDeviation()}.
 */
public final class VaeEncoder {
  private final Ops ops;
  private final EncoderWeights weights;
  private final Shape layerInputFrame;
  private final CausalConv3d input;
  private final LayerStack layers;
  private final NormConv head;
  private final LatentScaling normalise;
  private final Shape latentFrame;

  /**
   * Makes an encoder for videos of one size. Waits for nothing.
   *
   * @param ops what computes; the weights must be in its memory. Intermediates come from its
   *     workspace.
   * @param state where the memory of past frames is taken from. It is needed during {@link #encode}
   *     only, so {@code ops.workspace()} will do if the encoder is used within one scope of it.
   * @param height rows of pixels, a multiple of {@link VaeConfig#SPATIAL_STRIDE}
   * @param width columns of pixels, likewise
   */
  public VaeEncoder(Ops ops, VaeWeights weights, Arena state, int height, int width) {
    checkArgument(
        height > 0
            && width > 0
            && height % VaeConfig.SPATIAL_STRIDE == 0
            && width % VaeConfig.SPATIAL_STRIDE == 0,
        "height and width must be positive multiples of %s, but were %s and %s",
        VaeConfig.SPATIAL_STRIDE,
        height,
        width);
    this.ops = ops;
    this.weights = weights.encoder();
    Conv first = this.weights.input();
    this.layerInputFrame = Shape.of(1, height, width, first.shape().outChannels());
    this.input = new CausalConv3d(ops, first, state, height, width);
    this.layers = new LayerStack(ops, this.weights.layers(), state, layerInputFrame);
    int latentRows = height / VaeConfig.SPATIAL_STRIDE;
    int latentColumns = width / VaeConfig.SPATIAL_STRIDE;
    this.head = new NormConv(ops, this.weights.head(), state, latentRows, latentColumns);
    this.normalise = LatentScaling.normalising(ops, state, weights.config());
    this.latentFrame = Shape.of(1, latentRows, latentColumns, weights.config().latentChannels());
  }

  /**
   * Encodes a whole video, from its first frame on. Does not wait.
   *
   * @param video gives frames [T, H, W, 3]; asked for 1, then 4 at a time
   * @param frames length of the video, 1 + 4·n
   * @param latents [1 + n, H/8, W/8, latent channels], of the activation type
   * @throws IllegalArgumentException if the number of frames is another, or {@code latents} differs
   */
  public void encode(FrameSource video, int frames, Tensor latents) {
    int latentFrames = VaeConfig.latentFrames(frames);
    latents.require("latents", ops.activationType(), latentFrame.withOutermost(latentFrames));
    input.reset();
    layers.reset();
    head.reset();
    int firstFrame = 0;
    for (int i = 0; i < latentFrames; i++) {
      int count = i == 0 ? 1 : VaeConfig.TEMPORAL_STRIDE;
      encodeNext(video, firstFrame, count, latents.slice(i, 1));
      firstFrame += count;
    }
  }

  private void encodeNext(FrameSource video, int firstFrame, int count, Tensor latent) {
    Arena workspace = ops.workspace();
    try (Arena.Scope scope = workspace.scope()) {
      List<Tensor> maps = layers.takeMaps(layerInputFrame.withOutermost(count));
      try (Arena.Scope inputScope = workspace.scope()) {
        FrameHistory.Window window = input.window(count);
        video.read(firstFrame, window.newFrames());
        input.run(window, maps.get(0));
      }
      Tensor features = layers.run(maps);
      Tensor moments =
          workspace.tensor(
              ops.activationType(),
              latent.shape().extent(0),
              latent.shape().extent(1),
              latent.shape().extent(2),
              weights.mean().inWidth());
      head.run(features, moments);
      ops.linear(moments, weights.mean(), Activation.NONE, latent);
      normalise.apply(latent, latent);
    }
  }
}
