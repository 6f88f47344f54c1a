package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.tensor.Tensor;

/** Self-attention of one of several devices, which has some of the tokens and some of the heads. */
final class DividedSelfAttention extends SelfAttention {
  private final Division division;

  DividedSelfAttention(AttentionOps attention, Division division) {
    super(attention);
    this.division = division;
  }

  @Override
  void conditions(
      ConditionPass pass, Tensor x, AttentionWeights weights, LayerCaches caches, Tensor out) {
    int total = pass.reference().tokens() + pass.motion().tokens();
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor all = ownHeads(total);
      attention.keys(x, weights, out);
      division.spread(out, all);
      division.exchange();
      keepKeys(pass, all, caches);
      attention.values(x, weights, out);
      division.spread(out, all);
      division.exchange();
      keepValues(all, caches);
      attention.queries(x, weights, out);
      division.spread(out, all);
      division.exchange();
      turn(pass, all);
      attend(all, caches.window().conditions(), weights, out);
    }
  }

  /** What is exchanged first is on its way while the next is computed. */
  @Override
  void block(DenoisePass pass, Tensor x, AttentionWeights weights, LayerCaches caches, Tensor out) {
    int total = pass.noisy().tokens();
    Rope3d.Table angles = pass.noisy().part(division.tokens(total));
    KvRun own = caches.window().ring(pass.ringToken(), total);
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor values = own.isPacked() ? ownHeads(total) : own.values();
      Tensor keys = own.isPacked() ? ownHeads(total) : own.keys();
      Tensor queries = ownHeads(total);
      attention.values(x, weights, out);
      division.spread(out, values);
      attention.project(x, weights.k(), out);
      angles.normalizeAndTurn(ops, out, weights.normK(), config.epsilon());
      division.spread(out, keys);
      attention.project(x, weights.q(), out);
      angles.normalizeAndTurn(ops, out, weights.normQ(), config.epsilon());
      division.spread(out, queries);
      turnReference(pass, caches);
      division.exchange();
      if (own.isPacked()) {
        ops.storeValues(values, own);
        ops.storeKeys(keys, own);
      }
      attend(queries, caches.window().inUse(pass.ringTokens()), weights, out);
    }
  }

  /** out = o(attention(q, k, v)), {@code q} having all tokens, {@code out} all heads. */
  private void attend(Tensor q, KvRun context, AttentionWeights weights, Tensor out) {
    int total = q.shape().extent(0);
    attention.attention(q, context, division.attended(total));
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor attended = attention.activations(out.shape().extent(0));
      division.collect(total, attention.heads(attended));
      attention.output(attended, weights, out);
    }
  }

  /** Takes workspace for all tokens. */
  private Tensor ownHeads(int total) {
    return ops.workspace()
        .tensor(ops.activationType(), total, division.heads().count(), config.headWidth());
  }
}
