package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;

/** Takes latents to mean 0 and variance 1 in each channel, or back. */
final class LatentScaling {
  private final Ops ops;
  private final Tensor scale;
  private final Tensor shift;

  private LatentScaling(Ops ops, Arena state, float[] scale, float[] shift) {
    this.ops = ops;
    this.scale = state.tensor(DType.FP32, scale.length);
    this.shift = state.tensor(DType.FP32, shift.length);
    ops.upload(scale, 0, this.scale);
    ops.upload(shift, 0, this.shift);
  }

  /** Returns what the encoder ends with: (x − mean)/deviation. */
  static LatentScaling normalising(Ops ops, Arena state, VaeConfig config) {
    float[] scale = config.latentDeviation();
    float[] shift = config.latentMean();
    for (int channel = 0; channel < scale.length; channel++) {
      shift[channel] = -shift[channel] / scale[channel];
      scale[channel] = 1 / scale[channel];
    }
    return new LatentScaling(ops, state, scale, shift);
  }

  /** Returns what the decoder begins with: x·deviation + mean. */
  static LatentScaling restoring(Ops ops, Arena state, VaeConfig config) {
    return new LatentScaling(ops, state, config.latentDeviation(), config.latentMean());
  }

  /**
   * Scales and shifts each channel. Does not wait.
   *
   * @param x latents, channels last
   * @param out as {@code x}; may be {@code x}
   */
  void apply(Tensor x, Tensor out) {
    ops.scaleShift(x, scale, shift, out);
  }
}
