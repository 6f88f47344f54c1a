package dev.longtake.runtime.cuda;

import jcuda.driver.CUdeviceptr;

/** JCuda's pointer, with an address that can be read and chosen. */
final class DeviceAddress extends CUdeviceptr {
  /** Creates a null pointer for a call that fills it in. */
  DeviceAddress() {}

  private DeviceAddress(long address) {
    super(new CUdeviceptr(), address);
  }

  static DeviceAddress of(DeviceMemory memory) {
    return new DeviceAddress(memory.address());
  }

  long value() {
    return getNativePointer() + getByteOffset();
  }
}
