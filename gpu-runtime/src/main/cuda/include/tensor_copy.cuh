// Copies of boxes of a tensor to shared memory on Hopper (sm_90), by a map that the driver has
// made.
#pragma once

#include "shared_memory.cuh"

// What TensorMap.java holds; a kernel takes it as a __grid_constant__ parameter.
struct alignas(64) TensorMap {
  unsigned long long words[16];
};

// Starts copying the box of a three-dimensional tensor that begins at these elements. All of the
// box is written and counted at `barrier`; what is outside the tensor becomes 0.
__device__ inline void copy_box_async(unsigned target, const TensorMap& map, int x, int y, int z,
                                      unsigned barrier) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%2, %3, %4}], [%5];\n" ::"r"(target),
      "l"(&map), "r"(x), "r"(y), "r"(z), "r"(barrier)
      : "memory");
}
