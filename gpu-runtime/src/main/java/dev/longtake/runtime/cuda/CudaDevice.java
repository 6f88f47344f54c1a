package dev.longtake.runtime.cuda;

/**
 * A GPU of this machine.
 *
 * @param ordinal its number among the GPUs that this process may use, from 0
 * @param name as the maker calls it, for example {@code NVIDIA H200}
 * @param computeMajor compute capability, before the point; {@code computeMinor} after it
 * @param totalBytes all of its memory
 * @param multiprocessors how many multiprocessors it has
 * @param sharedBytesPerBlock the most dynamic shared memory that a thread block can ask for
 * @param l2Bytes the size of its L2 cache
 * @param pciId where it is plugged in, for example {@code 0000:19:00.0}
 * @param uuid names it among all GPUs: 32 hexadecimal digits; parts of one GPU (MIG) share it
 */
public record CudaDevice(
    int ordinal,
    String name,
    int computeMajor,
    int computeMinor,
    long totalBytes,
    int multiprocessors,
    int sharedBytesPerBlock,
    int l2Bytes,
    String pciId,
    String uuid) {
  /** Returns whether the compute capability is at least this. */
  public boolean isAtLeast(int major, int minor) {
    return computeMajor > major || (computeMajor == major && computeMinor >= minor);
  }

  @Override
  public String toString() {
    return "GPU %d (%s)".formatted(ordinal, name);
  }
}
