package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.ops.KvRun;

/**
 * The keys and values that one step's forwards attend to, as one run of tokens in memory: the
 * conditions, and a ring of past frame blocks either before or behind them.
 *
 * <p>The ring fills up from the conditions outwards, so that whatever is in use is one run from the
 * first forward on, and attention can read it in place. It does not care about the order.
 *
 * @param tokens conditions and ring
 * @param firstCondition where the conditions begin: at 0, or where the ring in front of them ends
 * @param conditionTokens the reference's tokens, then the motion's
 */
public record KeyWindow(KvRun tokens, int firstCondition, int conditionTokens) {
  /** Makes a window whose ring lies before the conditions. */
  public static KeyWindow ringBefore(KvRun tokens, int conditionTokens) {
    return new KeyWindow(tokens, tokens.count() - conditionTokens, conditionTokens);
  }

  /** Makes a window whose ring lies behind the conditions. */
  public static KeyWindow ringBehind(KvRun tokens, int conditionTokens) {
    return new KeyWindow(tokens, 0, conditionTokens);
  }

  /** Returns the conditions. */
  public KvRun conditions() {
    return tokens.part(firstCondition, conditionTokens);
  }

  /**
   * Returns a part of the ring.
   *
   * @param first tokens between the conditions and the part
   */
  public KvRun ring(int first, int count) {
    return tokens.part(ringLiesBefore() ? firstCondition - first - count : end() + first, count);
  }

  /** Returns the conditions with the {@code ringTokens} of the ring next to them. */
  public KvRun inUse(int ringTokens) {
    int first = ringLiesBefore() ? firstCondition - ringTokens : firstCondition;
    return tokens.part(first, conditionTokens + ringTokens);
  }

  private boolean ringLiesBefore() {
    return firstCondition > 0;
  }

  private int end() {
    return firstCondition + conditionTokens;
  }
}
