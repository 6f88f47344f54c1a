package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.tensor.DeviceTensor;

/** Whether tensors share memory. */
final class Overlap {
  private Overlap() {}

  /** Returns whether two tensors have a byte in common. */
  static boolean of(DeviceTensor a, DeviceTensor b) {
    return a.address() < b.address() + b.bytes() && b.address() < a.address() + a.bytes();
  }
}
