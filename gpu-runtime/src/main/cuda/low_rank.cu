// Adds a low-rank adapter to weights:
//
//   w[r, c] = w[r, c] + factor * sum_k b[r, k] * a[k, c], rounded to the type of w
//
// w: [rows, width] of the type that ends the name; b: fp32 [rows, rank]; a: fp32 [rank, width]; all
// row-major. w must not overlap another tensor. A sum is one chain of fused multiply-adds, k
// ascending, so that every GPU gives the same bits; it is multiplied and added with a rounding each.
// Launch: grid (ceil(width / threads), ceil(rows / 16)).
//
// Java side: LowRankKernel. Specification: MergedTensor.

#include "include/values.cuh"

namespace {

constexpr int kRows = 16;
constexpr int kRanks = 64;  // of b that are in shared memory at a time

template <typename W>
__device__ inline void add_low_rank(W* w, const float* b, const float* a, float factor, int rows,
                                    int width, int rank) {
  __shared__ float part[kRanks][kRows];
  const int column = blockIdx.x * blockDim.x + threadIdx.x;
  const int first = blockIdx.y * kRows;
  float sum[kRows] = {};
  for (int start = 0; start < rank; start += kRanks) {
    const int ranks = min(kRanks, rank - start);
    __syncthreads();
    for (int i = threadIdx.x; i < kRows * ranks; i += blockDim.x) {
      const int row = i / ranks;
      const int k = i % ranks;
      part[k][row] = first + row < rows
                         ? b[static_cast<long long>(first + row) * rank + start + k]
                         : 0.0f;
    }
    __syncthreads();
    if (column < width) {
      const float* source = a + static_cast<long long>(start) * width + column;
#pragma unroll 8
      for (int k = 0; k < ranks; k++) {
        const float v = source[static_cast<long long>(k) * width];
#pragma unroll
        for (int r = 0; r < kRows; r++) sum[r] = __fmaf_rn(part[k][r], v, sum[r]);
      }
    }
  }
  if (column < width) {
#pragma unroll
    for (int r = 0; r < kRows; r++) {
      if (first + r < rows) {
        W* at = w + static_cast<long long>(first + r) * width + column;
        store(at, __fadd_rn(to_float(*at), __fmul_rn(factor, sum[r])));
      }
    }
  }
}

}  // namespace

#define DEFINE_ADD_LOW_RANK(W, WN)                                                               \
  extern "C" __global__ void add_low_rank_##WN(W* w, const float* b, const float* a,             \
                                               float factor, int rows, int width, int rank) {    \
    add_low_rank(w, b, a, factor, rows, width, rank);                                            \
  }

DEFINE_ADD_LOW_RANK(float, f32)
DEFINE_ADD_LOW_RANK(bf16, bf16)
DEFINE_ADD_LOW_RANK(fp16, f16)
