package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.WeightReader;

/**
 * What the transformer is told about a noise level. The same for every take, so computed once.
 *
 * @param head [1, E], modulates the head
 * @param layers [6, E], modulates every layer
 */
public record TimestepEmbedding(Tensor head, Tensor layers) {
  private static final double LONGEST_PERIOD = 10_000;

  /** Parameters that timesteps are embedded with. */
  public record Weights(Linear in, Linear out, Linear projection) {
    /** Reads them. */
    public static Weights read(WeightReader reader, DitConfig config) {
      int width = config.width();
      return new Weights(
          reader.linear("time_embedding.0", width, config.frequencyWidth()),
          reader.linear("time_embedding.2", width, width),
          reader.linear("time_projection.1", DitConfig.MODULATIONS * width, width));
    }
  }

  /**
   * Embeds a timestep: cosines and sines of t·10000^(−i/half), then E = W₂·SiLU(W₁·x), then P =
   * W·SiLU(E). In fp32 whatever the precision of the layers.
   */
  public static TimestepEmbedding of(
      Ops ops, Arena arena, DitConfig config, Weights weights, double timestep) {
    Tensor head = arena.tensor(DType.FP32, 1, config.width());
    Tensor layers = arena.tensor(DType.FP32, 1, DitConfig.MODULATIONS * config.width());
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor waves = ops.workspace().tensor(DType.FP32, 1, config.frequencyWidth());
      Tensor activated = ops.workspace().tensor(DType.FP32, 1, config.width());
      ops.upload(waves(timestep, config.frequencyWidth()), 0, waves);
      ops.linear(waves, weights.in(), Activation.SILU, activated);
      ops.linear(activated, weights.out(), Activation.NONE, head);
      ops.activate(head, Activation.SILU, activated);
      ops.linear(activated, weights.projection(), Activation.NONE, layers);
    }
    return new TimestepEmbedding(head, layers.reshape(DitConfig.MODULATIONS, config.width()));
  }

  private static float[] waves(double timestep, int width) {
    int half = width / 2;
    float[] waves = new float[width];
    for (int i = 0; i < half; i++) {
      double angle = timestep * StrictMath.pow(LONGEST_PERIOD, -i / (double) half);
      waves[i] = (float) StrictMath.cos(angle);
      waves[half + i] = (float) StrictMath.sin(angle);
    }
    return waves;
  }
}
