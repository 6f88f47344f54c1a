// Warps of a thread block that do different work, on Hopper (sm_90a).
#pragma once

// Gives back the registers beyond `Count` of each thread; all four warps of a group call it.
template <int Count>
__device__ inline void give_registers() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;\n" ::"n"(Count));
}

// Waits until every thread of a group of four warps can have `Count` registers.
template <int Count>
__device__ inline void take_registers() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;\n" ::"n"(Count));
}

// Waits at barrier `id`, 1 to 15, until `threads` have met there or announced themselves.
__device__ inline void meet(int id, int threads) {
  asm volatile("bar.sync %0, %1;\n" ::"r"(id), "r"(threads) : "memory");
}

// Counts at barrier `id` without waiting.
__device__ inline void announce(int id, int threads) {
  asm volatile("bar.arrive %0, %1;\n" ::"r"(id), "r"(threads) : "memory");
}
