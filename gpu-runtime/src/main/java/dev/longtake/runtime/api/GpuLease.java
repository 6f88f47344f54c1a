package dev.longtake.runtime.api;

/** The right to use a device, until it is closed or the process ends. */
public interface GpuLease extends AutoCloseable {
  /** Returns the device. */
  LeasableDevice device();

  /** Lets other processes have the device. What was opened on it must be closed before. */
  @Override
  void close();
}
