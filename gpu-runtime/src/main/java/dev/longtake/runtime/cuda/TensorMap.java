package dev.longtake.runtime.cuda;

/**
 * How a tensor lies in device memory, as Hopper's copies of boxes to shared memory take it. Holds
 * an address but owns no memory; {@link TensorMaps} makes it.
 */
public final class TensorMap {
  static final int BYTES = 128;
  static final int ALIGNMENT_BYTES = 64;

  private final long[] words;

  TensorMap(long[] words) {
    this.words = words.clone();
  }

  long word(int index) {
    return words[index];
  }
}
