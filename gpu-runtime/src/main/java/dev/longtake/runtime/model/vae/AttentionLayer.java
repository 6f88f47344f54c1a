package dev.longtake.runtime.model.vae;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;

/** Attention with one head over the positions of each frame, and its input added. */
final class AttentionLayer implements VaeLayer {
  private final Ops ops;
  private final AttentionWeights weights;

  AttentionLayer(Ops ops, AttentionWeights weights) {
    this.ops = ops;
    this.weights = weights;
  }

  @Override
  public Shape outputShape(Shape input) {
    return input;
  }

  @Override
  public void run(Tensor x, Tensor out) {
    Arena workspace = ops.workspace();
    try (Arena.Scope scope = workspace.scope()) {
      Tensor query = workspace.tensor(ops.activationType(), x.shape());
      Tensor key = workspace.tensor(ops.activationType(), x.shape());
      Tensor value = workspace.tensor(ops.activationType(), x.shape());
      ops.channelNorm(x, weights.gamma(), Activation.NONE, out);
      ops.linear(out, weights.query(), Activation.NONE, query);
      ops.linear(out, weights.key(), Activation.NONE, key);
      ops.linear(out, weights.value(), Activation.NONE, value);
      for (int frame = 0; frame < x.shape().extent(0); frame++) {
        attend(frame, query, key, value);
      }
      ops.linear(query, weights.projection(), Activation.NONE, out);
      ops.add(out, x, out);
    }
  }

  @Override
  public void reset() {}

  private void attend(int frame, Tensor query, Tensor key, Tensor value) {
    int positions = query.shape().extent(1) * query.shape().extent(2);
    int channels = query.shape().extent(3);
    Tensor q = query.slice(frame, 1).reshape(positions, 1, channels);
    Tensor k = key.slice(frame, 1).reshape(positions, 1, channels);
    Tensor v = value.slice(frame, 1).reshape(positions, 1, channels);
    float scale = (float) (1 / Math.sqrt(channels));
    ops.attention(q, List.of(k), List.of(v), scale, null, q);
  }
}
