// Layer normalisation whose results are rounded to FP8 (e4m3) at once, each row with a scale of its
// own as quantize_sm89.cu has it, for products that read nothing else.
//
//   quantized_layer_norm_modulated: v = (x - mean) / sqrt(variance + epsilon) * (1 + scale) + shift
//   quantized_add_layer_norm:       x += y * gate; v = (x - mean) / ... * weight + bias
//   quantized_add_layer_norm_modulated: the same with (1 + weight) in place of weight
//
//   row_scale[r] = max_c |v[r, c]| / 448, or 1 if the row is all zeros
//   out[r, c] = e4m3(v[r, c] / row_scale[r]), to nearest even
//
// x fp32 and y bf16 [rows, width]; gate fp32 [width] or null for 1; weight and bias, scale and
// shift [rows / group_rows, width], f32 or bf16 as the name ends; out e4m3 [rows, width]; row_scale
// fp32 [rows]. v is not rounded to bf16 in between. No tensor may overlap another. All pointers are
// 16-byte aligned, width a multiple of 8 and at most 32 * threads.
// Launch: one thread block a row, a multiple of 32 threads. Needs sm_89.
// Java side: FusedNormKernels. Specification: CpuOps.

#include "include/fp8.cuh"
#include "include/rows.cuh"

namespace {

__device__ inline void store_quantized(PackedRow<float>& kept, unsigned char* out,
                                       float* row_scale) {
  float largest = 0.0f;
  kept.for_each([&](int, float(&v)[4]) {
#pragma unroll
    for (int i = 0; i < 4; i++) largest = fmaxf(largest, fabsf(v[i]));
  });
  largest = block_max(largest);
  const float scale = scale_for(largest);
  const float factor = 1.0f / scale;
  if (threadIdx.x == 0) {
    row_scale[blockIdx.x] = scale;
  }
  kept.for_each(
      [&](int at, float(&v)[4]) { *reinterpret_cast<unsigned*>(out + at) = round_4(v, factor); });
}

template <typename P>
__device__ inline void quantized_norm(float* x, const bf16* y, const float* gate, const P* weight,
                                      const P* bias, unsigned char* out, float* row_scale,
                                      int width, int group_rows, float epsilon, float offset) {
  const long long start = static_cast<long long>(blockIdx.x) * width;
  const long long group = static_cast<long long>(blockIdx.x / group_rows) * width;
  PackedRow<float> kept(x + start, width);
  if (y != nullptr) {
    add_to_kept(kept, x + start, y + start, gate);
  }
  normalize_kept(kept, weight + group, bias + group, width, epsilon, offset);
  store_quantized(kept, out + start, row_scale);
}

}  // namespace

#define DEFINE_QUANTIZED(P, PN)                                                                  \
  extern "C" __global__ void quantized_layer_norm_modulated_##PN(                                \
      float* __restrict__ x, const P* __restrict__ scale, const P* __restrict__ shift,           \
      unsigned char* __restrict__ out, float* __restrict__ row_scale, int width, int group_rows, \
      float epsilon) {                                                                           \
    quantized_norm<P>(x, nullptr, nullptr, scale, shift, out, row_scale, width, group_rows,      \
                      epsilon, 1.0f);                                                            \
  }                                                                                              \
  extern "C" __global__ void quantized_add_layer_norm_##PN(                                      \
      float* __restrict__ x, const bf16* __restrict__ y, const float* __restrict__ gate,         \
      const P* __restrict__ weight, const P* __restrict__ bias, unsigned char* __restrict__ out, \
      float* __restrict__ row_scale, int width, int group_rows, float epsilon) {                 \
    quantized_norm(x, y, gate, weight, bias, out, row_scale, width, group_rows, epsilon, 0.0f);  \
  }                                                                                              \
  extern "C" __global__ void quantized_add_layer_norm_modulated_##PN(                            \
      float* __restrict__ x, const bf16* __restrict__ y, const float* __restrict__ gate,         \
      const P* __restrict__ scale, const P* __restrict__ shift, unsigned char* __restrict__ out, \
      float* __restrict__ row_scale, int width, int group_rows, float epsilon) {                 \
    quantized_norm(x, y, gate, scale, shift, out, row_scale, width, group_rows, epsilon, 1.0f);  \
  }

DEFINE_QUANTIZED(float, f32)
DEFINE_QUANTIZED(bf16, bf16)
