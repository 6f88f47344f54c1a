package dev.longtake.runtime.ops;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.ScaledRows;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/**
 * The memory that operations on a GPU take for themselves, so that it can be planned.
 *
 * <p>{@link #FIXED} bytes are kept for good, in front of the workspace's arena. What a single
 * operation needs, the other methods tell; it takes that from the arena, as one tensor of type
 * UINT8, while it runs.
 */
public final class ScratchBytes {
  /** For partial sums of matrix products. */
  public static final long PRODUCTS = 32L << 20;

  /** For a library's attention, or for parameters while they are read. */
  public static final long ATTENTION = 32L << 20;

  /** For values on their way from or to the host, in fp32. */
  public static final long TRANSFER = 8L << 20;

  /** For an attention whose last queries are computed in parts: 132 of 130 rows of 128 numbers. */
  public static final long PARTS = 132L * 130 * 128 * Float.BYTES;

  /** All that is kept for good. */
  public static final long FIXED = PRODUCTS + ATTENTION + TRANSFER;

  /** Channels that the tensor cores' loads come in. */
  public static final int CHANNEL_MULTIPLE = 8;

  private static final int HALF_BYTES = 2;
  private static final int PARTS_HEAD_WIDTH = 128;

  private ScratchBytes() {}

  /** Returns the part of {@link #FIXED} that is for matrix products. */
  public static Block products(Block memory) {
    return memory.part(0, PRODUCTS);
  }

  /** Returns the part of {@link #FIXED} that is for attentions, or for reading parameters. */
  public static Block attentions(Block memory) {
    return memory.part(PRODUCTS, ATTENTION);
  }

  /** Returns the part of {@link #FIXED} that is for values on their way. */
  public static Block transfer(Block memory) {
    return memory.part(PRODUCTS + ATTENTION, TRANSFER);
  }

  /** Returns what comes after {@link #FIXED}: the workspace. */
  public static Block afterFixed(Block memory) {
    return memory.part(FIXED, memory.capacityBytes() - FIXED);
  }

  /** Returns what {@link Ops#linear} takes: for inputs rounded to FP8, and a scale for each row. */
  public static long linear(Tensor x, Linear weights) {
    if (weights.weight().dtype() != DType.FP8_E4M3 || x instanceof ScaledRows) {
      return 0;
    }
    return align(x.shape().elements()) + align((long) x.shape().rows() * Float.BYTES);
  }

  /**
   * Returns what {@link Ops#convolve} takes: for input and weights whose channels are filled up to
   * a multiple of {@value #CHANNEL_MULTIPLE}.
   */
  public static long convolve(Tensor x, Conv weights) {
    if (!fillsChannels(x, weights)) {
      return 0;
    }
    return align(filledBytes(x.shape(), x.dtype()))
        + align(filledBytes(filters(weights), weights.weight().dtype()));
  }

  /** Returns whether {@link Ops#convolve} fills up channels. */
  public static boolean fillsChannels(Tensor x, Conv weights) {
    return x.dtype().bytes() == HALF_BYTES
        && weights.shape().groups() == 1
        && weights.shape().inChannels() % CHANNEL_MULTIPLE != 0
        && weights.shape().inChannels() > 1;
  }

  /**
   * Returns what {@link Ops#attention} takes: for results that must not overwrite the queries, or,
   * on Hopper, for sums of parts.
   */
  public static long attention(Tensor q, Tensor out) {
    if (q.dtype() != DType.BF16) {
      return 0;
    }
    long detour = out == q ? align(q.bytes()) : 0;
    return q.shape().extent(-1) == PARTS_HEAD_WIDTH ? Math.max(detour, PARTS) : detour;
  }

  /** Returns what a normalisation takes that cannot round to FP8 itself: for its result in bf16. */
  public static long quantizing(Tensor out) {
    return out instanceof ScaledRows ? align(out.shape().elements() * DType.BF16.bytes()) : 0;
  }

  /**
   * Returns what {@link Ops#attention(Tensor, KvRun, float, Tensor)} takes: for a packed run in
   * bf16, or, on Hopper, for sums of parts.
   */
  public static long attention(KvRun run) {
    if (!run.isPacked()) {
      return 0;
    }
    long tokens = (long) run.count() * run.cache().heads() * run.cache().headWidth();
    return Math.max(2 * align(tokens * DType.BF16.bytes()), PARTS);
  }

  /** Returns a convolution's weights as rows of channels. */
  public static Shape filters(Conv weights) {
    int channels = weights.shape().inChannels() / weights.shape().groups();
    int rows = Math.toIntExact(weights.weight().shape().elements() / channels);
    return Shape.of(rows, channels);
  }

  /** Returns {@code bytes} rounded up to where the arena's next tensor can start. */
  public static long align(long bytes) {
    return (bytes + Arena.ALIGNMENT_BYTES - 1) / Arena.ALIGNMENT_BYTES * Arena.ALIGNMENT_BYTES;
  }

  /** Returns {@code channels} rounded up to a multiple of {@value #CHANNEL_MULTIPLE}. */
  public static int fill(int channels) {
    return (channels + CHANNEL_MULTIPLE - 1) / CHANNEL_MULTIPLE * CHANNEL_MULTIPLE;
  }

  private static long filledBytes(Shape shape, DType dtype) {
    return (long) shape.rows() * fill(shape.extent(-1)) * dtype.bytes();
  }
}
