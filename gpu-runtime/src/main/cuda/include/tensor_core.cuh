// The tensor cores' instructions as every GPU from sm_80 on has them, and asynchronous copies.
#pragma once

#include "values.cuh"

__device__ inline unsigned shared_address(const void* pointer) {
  return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

// Starts copying 16 bytes to shared memory; zeros instead if not `valid`.
__device__ inline void copy_async(unsigned target, const void* source, bool valid) {
  const int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(target), "l"(source),
               "r"(bytes));
}

// As copy_async, and keeps the data in the L1 cache for neighbours that need them soon.
__device__ inline void copy_async_cached(unsigned target, const void* source, bool valid) {
  const int bytes = valid ? 16 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 16, %2;\n" ::"r"(target), "l"(source),
               "r"(bytes));
}

__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;\n" ::); }

// Waits until at most `Pending` of the committed groups of this thread are under way.
template <int Pending>
__device__ inline void wait_copies() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(Pending));
}

// Loads four 8x8 matrices of a 16-bit type; lane i gives the address of row i%8 of matrix i/8.
__device__ inline void load_matrices(unsigned (&m)[4], unsigned address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3])
               : "r"(address));
}

// As load_matrices, each matrix transposed.
__device__ inline void load_matrices_transposed(unsigned (&m)[4], unsigned address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(m[0]), "=r"(m[1]), "=r"(m[2]), "=r"(m[3])
               : "r"(address));
}

// As load_matrices for two matrices; lanes 0 to 15 give the addresses.
__device__ inline void load_two_matrices(unsigned& m0, unsigned& m1, unsigned address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];\n"
               : "=r"(m0), "=r"(m1)
               : "r"(address));
}

// d += a * b for a 16x16 tile a and a 16x8 tile b of type T, bf16 or fp16, in fp32. Of d, a lane
// holds row lane/4 in d[0..1] and row lane/4 + 8 in d[2..3], columns 2*(lane%4) and the next.
template <typename T>
__device__ inline void multiply_add(float (&d)[4], const unsigned (&a)[4], unsigned b0,
                                    unsigned b1) {
  if constexpr (kIsFp16<T>) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};\n"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
}
