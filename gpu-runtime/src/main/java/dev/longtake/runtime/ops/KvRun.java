package dev.longtake.runtime.ops;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.tensor.Tensor;

/**
 * Tokens of a cache that follow one another.
 *
 * @param first the run's first token in the cache
 * @param count tokens of the run
 */
public record KvRun(KvCache cache, int first, int count) {
  /** Returns a part of the run, {@code from} tokens behind its beginning. */
  public KvRun part(int from, int partCount) {
    return cache.run(first + from, partCount);
  }

  /** Returns whether keys and values are packed, so that they cannot be seen as tensors. */
  public boolean isPacked() {
    return cache.isPacked();
  }

  /** Returns the keys [count, N, D] of a cache that is plain. */
  public Tensor keys() {
    return plain(cache.keys());
  }

  /** Returns the values [count, N, D] of a cache that is plain. */
  public Tensor values() {
    return plain(cache.values());
  }

  /** Returns the memory that the run's keys lie in: whole groups where they are packed. */
  public Tensor storedKeys() {
    return stored(cache.keys());
  }

  /** Returns the memory that the run's values lie in: whole groups where they are packed. */
  public Tensor storedValues() {
    return stored(cache.values());
  }

  private Tensor plain(Tensor all) {
    checkState(!isPacked(), "packed keys and values are not to be seen as tensors of tokens");
    return all.slice(first, count);
  }

  private Tensor stored(Tensor all) {
    if (!isPacked()) {
      return all.slice(first, count);
    }
    int firstGroup = first / KvCache.GROUP_TOKENS;
    int endGroup = (first + count + KvCache.GROUP_TOKENS - 1) / KvCache.GROUP_TOKENS;
    return all.slice(firstGroup, endGroup - firstGroup);
  }
}
