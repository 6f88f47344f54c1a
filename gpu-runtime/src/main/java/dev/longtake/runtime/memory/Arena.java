package dev.longtake.runtime.memory;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/**
 * Hands out tensors from a block, like a stack: a {@link Scope} gives back everything that was
 * taken since it began.
 *
 * <p>Buffers of scopes that follow one another share space. Run over a {@link PlannedBlock}, the
 * same code that will use the memory measures how much of it there must be: see {@link
 * #peakBytes()}. Not safe for use by several threads.
 */
public final class Arena {
  /** Every tensor starts at a multiple of this: a cache line, and what tensor cores ask for. */
  public static final int ALIGNMENT_BYTES = 256;

  private final String name;
  private final Block block;
  private long usedBytes;
  private long peakBytes;

  /**
   * Creates an arena over a whole block.
   *
   * @param name what the memory is for, for messages
   */
  public Arena(String name, Block block) {
    this.name = name;
    this.block = block;
  }

  /**
   * Takes memory for a tensor. Its elements have no particular value.
   *
   * @throws LongtakeException ENGINE_FAULT if the block is used up: the plan was wrong
   */
  public Tensor tensor(DType dtype, Shape shape) {
    long bytes = Math.multiplyExact(shape.elements(), (long) dtype.bytes());
    long nextBytes = Math.addExact(usedBytes, align(bytes));
    if (nextBytes > block.capacityBytes()) {
      throw new LongtakeException(
          ErrorCode.ENGINE_FAULT,
          "The %s arena has %d of %d bytes left, but %s %s needs %d. The memory plan is too small; "
                  .formatted(
                      name,
                      block.capacityBytes() - usedBytes,
                      block.capacityBytes(),
                      dtype,
                      shape,
                      bytes)
              + "please report this with the engine's configuration.");
    }
    Tensor tensor = block.tensor(usedBytes, dtype, shape);
    usedBytes = nextBytes;
    peakBytes = Math.max(peakBytes, usedBytes);
    return tensor;
  }

  /** Takes memory for a tensor; see {@link #tensor(DType, Shape)}. */
  public Tensor tensor(DType dtype, int... extents) {
    return tensor(dtype, Shape.of(extents));
  }

  /** Takes memory as it is, to be cut up by somebody else. */
  public Block block(long bytes) {
    Tensor taken = tensor(DType.FP32, Math.toIntExact(align(bytes) / Float.BYTES));
    return block.part(usedBytes - taken.bytes(), taken.bytes());
  }

  /** Begins a scope. Scopes nest, and must be closed in reverse order. */
  public Scope scope() {
    return new Scope(usedBytes);
  }

  /** Returns the most bytes that were in use at once so far. */
  public long peakBytes() {
    return peakBytes;
  }

  private static long align(long bytes) {
    return (bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
  }

  /** Everything taken from the arena while this is open. */
  public final class Scope implements AutoCloseable {
    private final long markBytes;

    private Scope(long markBytes) {
      this.markBytes = markBytes;
    }

    @Override
    public void close() {
      usedBytes = markBytes;
    }
  }
}
