package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.tensor.Tensor;

/**
 * How several devices divide a take's forwards among them (Ulysses, Jacobs et al. 2023), as one of
 * them sees it. It takes some of the tokens through everything that treats tokens one by one; in
 * self-attention, which does not, it attends with some of the heads, for all tokens. So tokens'
 * heads have to be exchanged before it and behind it.
 *
 * <p>All devices call the same methods with the same numbers of tokens in the same order, each on a
 * thread of its own. Calls are queued; but {@link #exchange}, {@link #collect} and {@link #join}
 * wait for the other threads to come as far.
 */
public interface Division {
  /** Returns which of a pass's tokens are this device's. */
  Span tokens(int total);

  /** Returns which heads are this device's. */
  Span heads();

  /**
   * Gives every device its heads of this one's tokens, at the next {@link #exchange}.
   *
   * @param own activation type [own tokens, all heads, D]; may be overwritten when this returns
   * @param all as {@code own} [all tokens, own heads, D]; gets its heads of everybody's tokens
   */
  void spread(Tensor own, Tensor all);

  /** Lets what is queued from now on see what devices have {@link #spread} since the last time. */
  void exchange();

  /** Returns where this device leaves what its heads give, activation type [tokens, heads, D]. */
  Tensor attended(int total);

  /**
   * Collects what all heads have given for this device's tokens.
   *
   * @param total as {@link #attended} was called last
   * @param own activation type [own tokens, all heads, D]
   */
  void collect(int total, Tensor own);

  /**
   * Brings everybody's patches to every device.
   *
   * @param own activation type [own tokens, values of a patch]
   * @return [total, values of a patch], to be read before the next pass has come to its end
   */
  Tensor join(int total, Tensor own);
}
