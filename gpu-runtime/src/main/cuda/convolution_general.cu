// Convolution of any geometry, with groups: for what convolution.cu does not take.
//
//   out[t, h, w, o] = bias[o] + sum_{i, j, k, c} weight[o, i, j, k, c]
//       * x[t * stride_t + i, h * stride_h + j - pad, w * stride_w + k - pad, group(o) + c]
//
// x: [T, H, W, C]; weight: [O, kernel_t, kernel_h, kernel_w, C / groups]; bias: [O], or null for
// none; out: [T', H', W', O]; all row-major. What lies outside of x in rows and columns is 0. Sums
// are fp32. No tensor may overlap out. `packed` is 1 if x and weight are 16-byte aligned and both C
// and C / groups multiples of 8.
// Launch: grid (ceil(O / warps of a block), ceil(positions / 8) or less), a multiple of 32 threads;
// a warp computes one channel of 8 positions at a time, its lanes dealing out the window.
// Java side: GeneralConvolutionKernel. Specification: CpuOps#convolve.

#include "include/values.cuh"

namespace {

constexpr int kPositions = 8;

struct Geometry {
  int height, width, channels;
  int kernel_t, kernel_h, kernel_w;
  int stride_t, stride_h, stride_w;
  int pad, groups;
  int out_height, out_width, out_channels;
  int positions;
};

template <typename T, typename Out>
__device__ inline void convolve(const T* x, const T* weight, const T* bias, Out* out,
                                const Geometry& g, int packed) {
  const int lane = threadIdx.x % 32;
  const int o = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
  if (o >= g.out_channels) {
    return;
  }
  const int group_channels = g.channels / g.groups;
  const int first_channel = o / (g.out_channels / g.groups) * group_channels;
  const int window = g.kernel_t * g.kernel_h * g.kernel_w * group_channels;
  const T* filter = weight + static_cast<long long>(o) * window;
  const float addend = bias == nullptr ? 0.0f : to_float(bias[o]);
  const int step = packed ? kPack : 1;

  for (int first = blockIdx.y * kPositions; first < g.positions; first += gridDim.y * kPositions) {
    int t[kPositions];
    int h[kPositions];
    int w[kPositions];
    float sum[kPositions] = {};
#pragma unroll
    for (int p = 0; p < kPositions; p++) {
      const int position = min(first + p, g.positions - 1);
      w[p] = position % g.out_width * g.stride_w - g.pad;
      h[p] = position / g.out_width % g.out_height * g.stride_h - g.pad;
      t[p] = position / g.out_width / g.out_height * g.stride_t;
    }
    for (int at = lane * step; at < window; at += 32 * step) {
      const int c = at % group_channels;
      const int tap = at / group_channels;
      const int k = tap % g.kernel_w;
      const int j = tap / g.kernel_w % g.kernel_h;
      const int i = tap / g.kernel_w / g.kernel_h;
      float factors[kPack];
      if (packed) {
        load_pack(filter + at, factors);
      } else {
        factors[0] = to_float(filter[at]);
      }
#pragma unroll
      for (int p = 0; p < kPositions; p++) {
        const bool inside =
            static_cast<unsigned>(h[p] + j) < g.height && static_cast<unsigned>(w[p] + k) < g.width;
        if (!inside) {
          continue;
        }
        const long long cell =
            (static_cast<long long>(t[p] + i) * g.height + h[p] + j) * g.width + w[p] + k;
        const T* source = x + cell * g.channels + first_channel + c;
        if (packed) {
          float values[kPack];
          load_pack(source, values);
#pragma unroll
          for (int v = 0; v < kPack; v++) sum[p] += values[v] * factors[v];
        } else {
          sum[p] += to_float(*source) * factors[0];
        }
      }
    }
#pragma unroll
    for (int p = 0; p < kPositions; p++) {
      const float total = warp_sum(sum[p]) + addend;
      if (lane == 0 && first + p < g.positions) {
        store(out + static_cast<long long>(first + p) * g.out_channels + o, total);
      }
    }
  }
}

}  // namespace

#define DEFINE_CONVOLUTION(T, TN, OUT, ON)                                                         \
  extern "C" __global__ void convolution_general_##TN##_##ON(                                      \
      const T* x, const T* weight, const T* bias, OUT* out, int height, int width, int channels,   \
      int kernel_t, int kernel_h, int kernel_w, int stride_t, int stride_h, int stride_w, int pad, \
      int groups, int out_height, int out_width, int out_channels, int positions, int packed) {    \
    const Geometry g = {height,   width,      channels,  kernel_t,     kernel_h,                   \
                        kernel_w, stride_t,   stride_h,  stride_w,     pad,                        \
                        groups,   out_height, out_width, out_channels, positions};                 \
    convolve(x, weight, bias, out, g, packed);                                                     \
  }

DEFINE_CONVOLUTION(bf16, bf16, bf16, bf16)
DEFINE_CONVOLUTION(bf16, bf16, float, f32)
DEFINE_CONVOLUTION(fp16, f16, fp16, f16)
DEFINE_CONVOLUTION(float, f32, float, f32)
