package dev.longtake.runtime.cuda;

import jcuda.Pointer;

/** JCuda's pointer to host memory, with an address that can be chosen. */
final class HostAddress extends Pointer {
  HostAddress(long address) {
    super(address);
  }
}
