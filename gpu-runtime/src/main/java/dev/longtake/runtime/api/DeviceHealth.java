package dev.longtake.runtime.api;

/** Watches over a leased device. */
public interface DeviceHealth extends AutoCloseable {
  /**
   * Returns if nothing bad has been heard of the device since it was leased. Waits for nothing, and
   * may be called while others compute on it.
   *
   * @throws LongtakeException DEVICE_FAULT with what was heard
   */
  void check();

  @Override
  void close();
}
