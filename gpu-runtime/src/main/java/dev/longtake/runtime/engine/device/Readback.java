package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.tensor.Tensor;

/**
 * Brings tensors to the host while the device goes on computing. Each slot carries one tensor at a
 * time.
 */
public interface Readback extends AutoCloseable {
  /**
   * Queues bringing a tensor, as it will be when everything queued before is done. Does not wait.
   */
  void start(int slot, Tensor source);

  /**
   * Waits for the slot's tensor.
   *
   * @param out gets the elements, widened to fp32, from index 0 on
   */
  void finish(int slot, float[] out);

  @Override
  void close();
}
