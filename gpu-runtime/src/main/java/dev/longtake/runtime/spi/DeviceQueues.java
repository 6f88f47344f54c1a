package dev.longtake.runtime.spi;

import dev.longtake.runtime.tensor.Tensor;

/**
 * What a device does side by side: it computes, and copies from and to host memory. What is in one
 * queue is done in order; fences order the queues among each other.
 */
public interface DeviceQueues extends AutoCloseable {
  /** Where work is queued. */
  enum Queue {
    /** What {@code Ops} computes. */
    COMPUTE,
    /** Copies of weights to the device. */
    WEIGHTS_IN,
    /** Copies of caches to the device. */
    CACHES_IN,
    /** Copies from the device. */
    OUT
  }

  /**
   * Queues a copy between the device and host memory; both must stay as they are until it is done.
   *
   * @param queue any but {@link Queue#COMPUTE}
   * @param source on the device for {@link Queue#OUT}, else in host memory
   * @param target as {@code source}, on the other side; of the same type and as many elements
   */
  void copy(Queue queue, Tensor source, Tensor target);

  /** Returns the bytes that were queued to be copied so far. Safe for any thread. */
  long copiedBytes();

  /** Makes a fence, which belongs to this. */
  Fence fence();

  /** Waits until all copies are done. */
  @Override
  void close();
}
