package dev.longtake.runtime.api;

import java.util.List;

/** Watches over a leased device. */
public interface DeviceHealth extends AutoCloseable {
  /**
   * Returns if nothing bad has been heard of the device since it was leased. Waits for nothing, and
   * may be called while others compute on it.
   *
   * @throws LongtakeException DEVICE_FAULT with what was heard
   */
  void check();

  /**
   * Returns how busy the device is, or each of a team in its order. Makes no context current and
   * does not wait for what is computed; may be called by any thread, and after closing, when nobody
   * says anything.
   */
  List<DeviceLoad> load();

  @Override
  void close();
}
