package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.Fence;
import dev.longtake.runtime.tensor.Tensor;

/** For planning: checks copies, and does none. */
public final class PlannedQueues implements DeviceQueues {
  @Override
  public void copy(Queue queue, Tensor source, Tensor target) {
    target.require("target", source.dtype(), source.shape());
  }

  @Override
  public long copiedBytes() {
    return 0;
  }

  @Override
  public Fence fence() {
    return new Fence() {
      @Override
      public void set(Queue queue) {}

      @Override
      public void holdBack(Queue queue) {}
    };
  }

  @Override
  public void close() {}
}
