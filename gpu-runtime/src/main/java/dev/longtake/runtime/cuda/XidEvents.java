package dev.longtake.runtime.cuda;

import com.sun.jna.Memory;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.util.Set;

/** What the driver reports of a GPU. Numbers are explained in NVIDIA's list of Xid errors. */
final class XidEvents implements AutoCloseable {
  /** {@code nvmlEventTypeXidCriticalError}. */
  static final long CRITICAL = 8;

  private static final int SUCCESS = 0;
  private static final int TIMEOUT = 10;
  private static final long EVENT_BYTES = 32;
  private static final long NUMBER_OFFSET = 16;

  /** These tell of a program's mistake, which its own calls report as well, not of the GPU. */
  private static final Set<Long> OF_PROGRAMS = Set.of(13L, 31L, 43L, 45L, 68L, 109L);

  private final NvmlLibrary library;
  private final long set;
  private final CudaDevice device;
  private boolean closed;

  XidEvents(NvmlLibrary library, long set, CudaDevice device) {
    this.library = library;
    this.set = set;
    this.device = device;
  }

  /**
   * Looks at what has been reported since the last time. Does not wait.
   *
   * @throws LongtakeException DEVICE_FAULT if the GPU has broken down
   */
  synchronized void check() {
    Memory event = new Memory(EVENT_BYTES);
    while (!closed) {
      int result = library.nvmlEventSetWait_v2(set, event, 0);
      if (result == TIMEOUT) {
        return;
      }
      if (result != SUCCESS) {
        throw new LongtakeException(
            ErrorCode.DEVICE_FAULT,
            "%s answers no more: nvmlEventSetWait failed with %s (%d)."
                .formatted(device, library.nvmlErrorString(result), result));
      }
      long xid = event.getLong(NUMBER_OFFSET);
      if (!OF_PROGRAMS.contains(xid)) {
        throw new LongtakeException(
            ErrorCode.DEVICE_FAULT,
            "The driver has reported Xid %d of %s; the system's log says more."
                .formatted(xid, device));
      }
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      library.nvmlEventSetFree(set);
    }
  }
}
