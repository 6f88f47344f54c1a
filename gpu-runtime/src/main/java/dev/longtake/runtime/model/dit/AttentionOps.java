package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;

/** What all kinds of attention in a layer have in common. Holds no state. */
record AttentionOps(Ops ops, DitConfig config) {
  void queries(Tensor x, AttentionWeights weights, Tensor out) {
    projectNormalized(x, weights.q(), weights.normQ(), out);
  }

  void keys(Tensor x, AttentionWeights weights, Tensor out) {
    projectNormalized(x, weights.k(), weights.normK(), out);
  }

  void values(Tensor x, AttentionWeights weights, Tensor out) {
    project(x, weights.v(), out);
  }

  private void projectNormalized(Tensor x, Linear linear, Tensor norm, Tensor out) {
    project(x, linear, out);
    ops.rmsNorm(flat(out), norm, config.epsilon(), flat(out));
  }

  void project(Tensor x, Linear linear, Tensor out) {
    ops.linear(x, linear, Activation.NONE, flat(out));
  }

  /** q = o(attention(q, k, v)). */
  void attend(Tensor q, KvRun context, AttentionWeights weights) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor attended = activations(q.shape().extent(0));
      attention(q, context, heads(attended));
      output(attended, weights, q);
    }
  }

  /** out = attention(q, k, v), all [tokens, N, D]. */
  void attention(Tensor q, KvRun context, Tensor out) {
    ops.attention(q, context, config.attentionScale(), out);
  }

  /** out = o(attended). */
  void output(Tensor attended, AttentionWeights weights, Tensor out) {
    ops.linear(attended, weights.o(), Activation.NONE, flat(out));
  }

  /** Takes workspace [rows, E]. */
  Tensor activations(int rows) {
    return ops.workspace().tensor(ops.activationType(), rows, config.width());
  }

  Tensor heads(Tensor flat) {
    return flat.reshape(flat.shape().extent(0), config.heads(), config.headWidth());
  }

  Tensor flat(Tensor heads) {
    return heads.reshape(heads.shape().extent(0), config.width());
  }
}
