package dev.longtake.runtime.ops.cuda;

/** What computes an attention of many queries and keys, of heads 128 wide in bf16. */
public enum LargeAttention {
  /** cuDNN where it is installed. */
  LIBRARY,
  /** Our kernel on Hopper, which is a sixth faster there; elsewhere as {@link #LIBRARY}. */
  OWN;

  /** Which one is used unless another one is chosen. */
  static final LargeAttention DEFAULT = OWN;
}
