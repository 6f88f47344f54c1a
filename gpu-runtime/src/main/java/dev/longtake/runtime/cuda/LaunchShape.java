package dev.longtake.runtime.cuda;

import static com.google.common.base.Preconditions.checkArgument;

/**
 * How many threads a kernel runs on.
 *
 * @param gridX thread blocks along x, up to 2³¹−1; {@code gridY} and {@code gridZ} up to 65535
 * @param threads threads of a block, along x
 * @param sharedBytes dynamic shared memory of a block; more than 48 KiB needs {@link
 *     CudaFunction#allowSharedBytes}
 */
public record LaunchShape(int gridX, int gridY, int gridZ, int threads, int sharedBytes) {
  private static final int MAX_GRID_YZ = 65535;
  private static final int MAX_THREADS = 1024;

  /** Checks the limits that all GPUs share. */
  public LaunchShape {
    checkArgument(
        gridX >= 1 && gridY >= 1 && gridZ >= 1 && gridY <= MAX_GRID_YZ && gridZ <= MAX_GRID_YZ,
        "not a grid: %s x %s x %s",
        gridX,
        gridY,
        gridZ);
    checkArgument(
        threads >= 1 && threads <= MAX_THREADS, "a block cannot have %s threads", threads);
    checkArgument(sharedBytes >= 0, "sharedBytes must not be negative, but was %s", sharedBytes);
  }

  /** Creates a shape with a grid along x alone. */
  public LaunchShape(int blocks, int threads, int sharedBytes) {
    this(blocks, 1, 1, threads, sharedBytes);
  }

  /**
   * Returns the shape with at least one thread for each of {@code items}, without shared memory.
   *
   * @throws ArithmeticException if that takes more than 2³¹−1 blocks
   */
  public static LaunchShape covering(long items, int threads) {
    return new LaunchShape(Math.toIntExact((items + threads - 1) / threads), threads, 0);
  }

  @Override
  public String toString() {
    return "grid=%dx%dx%d block=%d shared=%d B"
        .formatted(gridX, gridY, gridZ, threads, sharedBytes);
  }
}
