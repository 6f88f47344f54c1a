package dev.longtake.runtime.model.t5;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;

/**
 * What umT5 adds to the attention logits: a number for each head and each range of distance between
 * query and key, learned for every layer separately.
 *
 * <p>The distances are the same in all layers, so they are laid out once a prompt, as rows with a
 * single one in the column of their bucket. A layer's biases are then one matrix product, which
 * picks values and rounds none.
 */
final class RelativeBias {
  private final Ops ops;
  private final int heads;
  private final int tokens;
  private final Tensor bucketOfPair;
  private final Tensor identity;

  /**
   * Lays out the distances, in the workspace of {@code ops}: valid until the caller's scope closes.
   *
   * @param tokens length of the prompt, queries and keys alike
   */
  RelativeBias(Ops ops, T5Config config, int tokens) {
    this.ops = ops;
    this.heads = config.heads();
    this.tokens = tokens;
    Arena workspace = ops.workspace();
    this.bucketOfPair = workspace.tensor(ops.activationType(), tokens * tokens, config.buckets());
    this.identity = workspace.tensor(ops.activationType(), heads, heads);
    fillPairs(config.buckets());
    fillIdentity();
  }

  /**
   * Returns the bucket of a distance: one each for the shorter ones, then ranges that grow by a
   * constant factor.
   *
   * @param distance position of the key minus position of the query
   * @param buckets number of buckets, the upper half for keys after the query
   * @param maxDistance where the last bucket of either direction begins at the latest
   */
  static int bucket(int distance, int buckets, int maxDistance) {
    int perDirection = buckets / 2;
    int direction = distance > 0 ? perDirection : 0;
    int magnitude = Math.abs(distance);
    int exact = perDirection / 2;
    if (magnitude < exact) {
      return direction + magnitude;
    }
    // In fp32 as in the official code, so that a distance on a border falls to the same side.
    float octaves = (float) Math.log((float) magnitude / exact);
    float allOctaves = (float) Math.log((double) maxDistance / exact);
    int further = (int) (octaves / allOctaves * (perDirection - exact));
    return direction + Math.min(perDirection - 1, exact + further);
  }

  /**
   * Computes one layer's biases.
   *
   * @param distanceBias [buckets, heads]
   * @param out [heads, tokens, tokens]: head, query, key
   */
  void of(Tensor distanceBias, Tensor out) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      int buckets = distanceBias.shape().extent(0);
      Tensor transposed = ops.workspace().tensor(ops.activationType(), heads, buckets);
      ops.linear(identity, new Linear(distanceBias, null), Activation.NONE, transposed);
      ops.linear(
          transposed,
          new Linear(bucketOfPair, null),
          Activation.NONE,
          out.reshape(heads, tokens * tokens));
    }
  }

  private void fillPairs(int buckets) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      int distances = 2 * tokens - 1;
      Tensor bucketOfDistance = ops.workspace().tensor(ops.activationType(), distances, buckets);
      float[] row = new float[buckets];
      for (int i = 0; i < distances; i++) {
        int bucket = bucket(i - (tokens - 1), buckets, T5Config.MAX_DISTANCE);
        row[bucket] = 1;
        ops.upload(row, 0, bucketOfDistance.slice(i, 1));
        row[bucket] = 0;
      }
      for (int query = 0; query < tokens; query++) {
        Tensor seenFromQuery = bucketOfDistance.slice(tokens - 1 - query, tokens);
        ops.copy(seenFromQuery, bucketOfPair.slice(query * tokens, tokens));
      }
    }
  }

  private void fillIdentity() {
    float[] row = new float[heads];
    for (int head = 0; head < heads; head++) {
      row[head] = 1;
      ops.upload(row, 0, identity.slice(head, 1));
      row[head] = 0;
    }
  }
}
