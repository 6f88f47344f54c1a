package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.tensor.Tensor;

/** Self-attention of one device, which has all tokens and all heads. */
final class WholeSelfAttention extends SelfAttention {
  WholeSelfAttention(AttentionOps attention) {
    super(attention);
  }

  @Override
  void conditions(
      ConditionPass pass, Tensor x, AttentionWeights weights, LayerCaches caches, Tensor out) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor computed = attention.heads(attention.activations(x.shape().extent(0)));
      attention.keys(x, weights, computed);
      keepKeys(pass, computed, caches);
      attention.values(x, weights, computed);
      keepValues(computed, caches);
    }
    attention.queries(x, weights, out);
    turn(pass, out);
    attention.attend(out, caches.window().conditions(), weights);
  }

  @Override
  void block(DenoisePass pass, Tensor x, AttentionWeights weights, LayerCaches caches, Tensor out) {
    cacheBlock(pass, x, weights, caches.window().ring(pass.ringToken(), pass.noisy().tokens()));
    attention.project(x, weights.q(), out);
    pass.noisy().normalizeAndTurn(ops, out, weights.normQ(), config.epsilon());
    turnReference(pass, caches);
    attention.attend(out, caches.window().inUse(pass.ringTokens()), weights);
  }

  /** Computes a block's keys and values, in their place where that can be. */
  private void cacheBlock(DenoisePass pass, Tensor x, AttentionWeights weights, KvRun own) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor computed = own.isPacked() ? attention.heads(attention.activations(own.count())) : null;
      Tensor keys = computed == null ? own.keys() : computed;
      attention.project(x, weights.k(), keys);
      pass.noisy().store(ops, keys, weights.normK(), config.epsilon(), own);
      if (computed == null) {
        attention.values(x, weights, own.values());
      } else {
        attention.values(x, weights, computed);
        ops.storeValues(computed, own);
      }
    }
  }
}
