// Normalisation of the transformer's rows together with what comes before or behind it, so that a
// row is read once and written once.
//
//   rms_norm_rope:  out = rope(x / sqrt(mean of x^2 + epsilon) * weight), the rotation as in
//                   layout.cu: x, out bf16 [rows, heads, head_width], weight [heads * head_width],
//                   cos, sin fp32 [rows, head_width / 2]
//   add_layer_norm: x += y * gate; out = (x - mean) / sqrt(variance + epsilon) * weight + bias:
//                   x fp32, y and out bf16 [rows, width], gate fp32 [width] or null for 1, weight
//                   and bias [rows / group_rows, width]
//   add_layer_norm_modulated: the same with (1 + weight) in place of weight
//
// Weights and biases are f32 or bf16, as the name ends. Sums are fp32. out may be x where the types
// agree; nothing else may overlap. All pointers are 16-byte aligned, widths and head_width
// multiples of 8, and width at most 32 * threads. Launch: one thread block a row, a multiple of 32
// threads. Java side: FusedNormKernels. Specification: CpuOps.

#include "include/rows.cuh"

namespace {

template <typename P>
__device__ inline void rms_rope(const bf16* x, const P* weight, const float* cos, const float* sin,
                                bf16* out, int width, int head_width, float epsilon) {
  const long long start = static_cast<long long>(blockIdx.x) * width;
  const long long angles = static_cast<long long>(blockIdx.x) * (head_width / 2);
  PackedRow<bf16> kept(x + start, width);
  rms_kept(kept, weight, width, epsilon);
  kept.for_each([&](int at, float(&v)[8]) {
    const long long first = angles + at % head_width / 2;
    turn_pack(v, cos + first, sin + first);
    store_pack(out + start + at, v);
  });
}

template <typename P>
__device__ inline void add_norm(float* x, const bf16* y, const float* gate, const P* weight,
                                const P* bias, bf16* out, int width, int group_rows, float epsilon,
                                float offset) {
  const long long start = static_cast<long long>(blockIdx.x) * width;
  const long long group = static_cast<long long>(blockIdx.x / group_rows) * width;
  PackedRow<float> kept(x + start, width);
  add_to_kept(kept, x + start, y + start, gate);
  normalize_kept(kept, weight + group, bias + group, width, epsilon, offset);
  store_kept(kept, out + start);
}

}  // namespace

#define DEFINE_FUSED(P, PN)                                                                        \
  extern "C" __global__ void rms_norm_rope_##PN(                                                   \
      const bf16* x, const P* __restrict__ weight, const float* __restrict__ cos,                  \
      const float* __restrict__ sin, bf16* out, int width, int head_width, float epsilon) {        \
    rms_rope(x, weight, cos, sin, out, width, head_width, epsilon);                                \
  }                                                                                                \
  extern "C" __global__ void add_layer_norm_##PN(                                                  \
      float* __restrict__ x, const bf16* __restrict__ y, const float* __restrict__ gate,           \
      const P* __restrict__ weight, const P* __restrict__ bias, bf16* __restrict__ out, int width, \
      int group_rows, float epsilon) {                                                             \
    add_norm(x, y, gate, weight, bias, out, width, group_rows, epsilon, 0.0f);                     \
  }                                                                                                \
  extern "C" __global__ void add_layer_norm_modulated_##PN(                                        \
      float* __restrict__ x, const bf16* __restrict__ y, const float* __restrict__ gate,           \
      const P* __restrict__ scale, const P* __restrict__ shift, bf16* __restrict__ out, int width, \
      int group_rows, float epsilon) {                                                             \
    add_norm(x, y, gate, scale, shift, out, width, group_rows, epsilon, 1.0f);                     \
  }

DEFINE_FUSED(float, f32)
DEFINE_FUSED(bf16, bf16)
