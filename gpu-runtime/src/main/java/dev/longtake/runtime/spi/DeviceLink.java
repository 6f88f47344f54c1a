package dev.longtake.runtime.spi;

import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.tensor.Tensor;

/** A way for tensors from one device to another. Used by one thread at a time. */
public interface DeviceLink extends AutoCloseable {
  /**
   * Queues a copy. It sees the source as everything that is in {@code from} by now leaves it, and
   * overwrites the target when everything that is in {@code to} by now is done. What is put into
   * {@code from} later may overwrite the source, and what is put into {@code to} later sees the
   * copy. The caller does not wait; on the CPU the copy is done when this returns.
   *
   * @param source on the device that the link comes from
   * @param from a queue of that device
   * @param target on the device that the link leads to; of the same type and shape
   * @param to a queue of that device
   * @throws IllegalArgumentException if types or shapes differ; nothing has been queued
   */
  void copy(Tensor source, Queue from, Tensor target, Queue to);

  /**
   * Queues a copy of something that nobody writes any more, so that the device that has it need not
   * know of it: no queue of that device is waited for, and none waits. Several links may do so at
   * once.
   *
   * @param source on the device that the link comes from; complete by now
   * @param target on the device that the link leads to; of the same type and shape
   * @param to a queue of that device
   * @throws IllegalArgumentException if types or shapes differ; nothing has been queued
   */
  void fetch(Tensor source, Tensor target, Queue to);

  /**
   * Queues a copy of something that is written no more before the copy is done.
   *
   * @param source on the device that the link comes from
   * @param ready a fence of that device; {@code source} is complete when it is reached
   * @param target on the device that the link leads to; of the same type and shape
   * @param to a queue of that device
   * @throws IllegalArgumentException if types or shapes differ; nothing has been queued
   */
  void fetch(Tensor source, Fence ready, Tensor target, Queue to);

  /** Gives back what the link needs for itself; no copy may be pending. */
  @Override
  void close();
}
