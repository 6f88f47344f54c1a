// Matrix products of any width and type: for the few that the library does not take.
//
//   out[r, o] = activation(sum_i x[r, i] * weight[o, i] + bias[o])
//
// x: [rows, in]; weight: [out_width, in]; bias: [out_width] of the weight's type, or null for none;
// out: [rows, out_width]; all row-major, of the types that end the name: x, weight, out. Sums are
// fp32. out must not overlap another tensor. `packed` is 1 if x and weight are 16-byte aligned and
// `in` is a multiple of 8. `activation` is one of the enum Activation.
// Launch: grid (ceil(out_width / warps of a block), ceil(rows / 4) or less), a multiple of 32
// threads; a warp computes one column of 4 rows at a time.
// Java side: LinearKernel. Specification: CpuOps#linear.

#include "include/values.cuh"

namespace {

constexpr int kRows = 4;

template <typename X, typename W, typename Out>
__device__ inline void linear(const X* x, const W* weight, const W* bias, Out* out, int rows,
                              int in, int out_width, int activation, int packed) {
  const int lane = threadIdx.x % 32;
  const int column = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (column >= out_width) {
    return;
  }
  const W* filter = weight + static_cast<long long>(column) * in;
  for (int first = blockIdx.y * kRows; first < rows; first += gridDim.y * kRows) {
    const X* source[kRows];
    float sum[kRows] = {};
#pragma unroll
    for (int r = 0; r < kRows; r++) {
      source[r] = x + static_cast<long long>(min(first + r, rows - 1)) * in;
    }
    if (packed) {
      for (int i = lane * kPack; i < in; i += 32 * kPack) {
        float w[kPack];
        load_pack(filter + i, w);
#pragma unroll
        for (int r = 0; r < kRows; r++) {
          float v[kPack];
          load_pack(source[r] + i, v);
#pragma unroll
          for (int j = 0; j < kPack; j++) sum[r] += v[j] * w[j];
        }
      }
    } else {
      for (int i = lane; i < in; i += 32) {
        const float w = to_float(filter[i]);
#pragma unroll
        for (int r = 0; r < kRows; r++) sum[r] += to_float(source[r][i]) * w;
      }
    }
#pragma unroll
    for (int r = 0; r < kRows; r++) {
      const float total = warp_sum(sum[r]);
      if (lane == 0 && first + r < rows) {
        const float addend = bias == nullptr ? 0.0f : to_float(bias[column]);
        store(out + static_cast<long long>(first + r) * out_width + column,
              activate(total + addend, activation));
      }
    }
  }
}

}  // namespace

#define DEFINE_LINEAR(X, XN, W, WN, OUT, ON)                                                       \
  extern "C" __global__ void linear_##XN##_##WN##_##ON(const X* x, const W* weight, const W* bias, \
                                                       OUT* out, int rows, int in, int out_width,  \
                                                       int activation, int packed) {               \
    linear(x, weight, bias, out, rows, in, out_width, activation, packed);                         \
  }

DEFINE_LINEAR(float, f32, float, f32, float, f32)
DEFINE_LINEAR(float, f32, bf16, bf16, float, f32)
DEFINE_LINEAR(float, f32, bf16, bf16, bf16, bf16)
DEFINE_LINEAR(bf16, bf16, bf16, bf16, float, f32)
DEFINE_LINEAR(bf16, bf16, bf16, bf16, bf16, bf16)
DEFINE_LINEAR(fp16, f16, fp16, f16, fp16, f16)
