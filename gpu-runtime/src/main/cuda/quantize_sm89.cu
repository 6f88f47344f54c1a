// Rounds to FP8 (e4m3): rows, each with a scale of its own, or numbers as they are.
//
// quantize_rows_bf16:
//
//   scale[r] = max_c |x[r, c]| / 448, or 1 if the row is all zeros
//   out[r, c] = e4m3(x[r, c] / scale[r]), to nearest even
//
// x: bf16 [rows, width] row-major, 16-byte aligned, width a multiple of 16; out: e4m3 [rows,
// width], aligned likewise; scale: fp32 [rows]. No tensor may overlap another. Launch: one thread
// block a row, a multiple of 32 threads.
//
// quantize_weights_*: the same of any width and alignment, x of the type that ends the name, divided
// by the scale instead of multiplied by one over it. Read once only, so it need not be quick.
//
// round_f32: out[i] = e4m3(x[i]), at most 448. x: fp32 [count]; out: e4m3 [count].
// Launch: a thread for every element.
//
// Java side: QuantizeKernels. Needs sm_89.

#include "include/fp8.cuh"
#include "include/values.cuh"

namespace {

constexpr int kPacks = 2;  // that a thread keeps; wider rows are read again

}  // namespace

extern "C" __global__ void quantize_rows_bf16(const bf16* __restrict__ x,
                                              unsigned char* __restrict__ out,
                                              float* __restrict__ scale, int width) {
  const long long start = static_cast<long long>(blockIdx.x) * width;
  const int packs = width / kPack;
  float kept[kPacks][kPack];
  float largest = 0.0f;
#pragma unroll
  for (int p = 0; p < kPacks; p++) {
    const int at = threadIdx.x + p * blockDim.x;
    if (at < packs) {
      load_pack(x + start + at * kPack, kept[p]);
#pragma unroll
      for (int i = 0; i < kPack; i++) largest = fmaxf(largest, fabsf(kept[p][i]));
    }
  }
  for (int at = threadIdx.x + kPacks * blockDim.x; at < packs; at += blockDim.x) {
    float v[kPack];
    load_pack(x + start + at * kPack, v);
#pragma unroll
    for (int i = 0; i < kPack; i++) largest = fmaxf(largest, fabsf(v[i]));
  }
  largest = block_max(largest);
  const float row_scale = scale_for(largest);
  const float factor = 1.0f / row_scale;
  if (threadIdx.x == 0) {
    scale[blockIdx.x] = row_scale;
  }
#pragma unroll
  for (int p = 0; p < kPacks; p++) {
    const int at = threadIdx.x + p * blockDim.x;
    if (at < packs) {
      *reinterpret_cast<uint2*>(out + start + at * kPack) =
          make_uint2(round_4(kept[p], factor), round_4(kept[p] + 4, factor));
    }
  }
  for (int at = threadIdx.x + kPacks * blockDim.x; at < packs; at += blockDim.x) {
    float v[kPack];
    load_pack(x + start + at * kPack, v);
    *reinterpret_cast<uint2*>(out + start + at * kPack) =
        make_uint2(round_4(v, factor), round_4(v + 4, factor));
  }
}

namespace {

template <typename X>
__device__ inline void quantize_weights(const X* x, unsigned char* out, float* scale, int width) {
  const long long start = static_cast<long long>(blockIdx.x) * width;
  float largest = 0.0f;
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    largest = fmaxf(largest, fabsf(to_float(x[start + i])));
  }
  const float row_scale = scale_for(block_max(largest));
  if (threadIdx.x == 0) {
    scale[blockIdx.x] = row_scale;
  }
  for (int i = threadIdx.x; i < width; i += blockDim.x) {
    out[start + i] = __nv_cvt_float_to_fp8(__fdiv_rn(to_float(x[start + i]), row_scale),
                                           __NV_SATFINITE, __NV_E4M3);
  }
}

}  // namespace

#define DEFINE_QUANTIZE_WEIGHTS(X, XN)                                                      \
  extern "C" __global__ void quantize_weights_##XN(const X* x, unsigned char* out,          \
                                                   float* scale, int width) {               \
    quantize_weights(x, out, scale, width);                                                 \
  }

DEFINE_QUANTIZE_WEIGHTS(float, f32)
DEFINE_QUANTIZE_WEIGHTS(bf16, bf16)
DEFINE_QUANTIZE_WEIGHTS(fp16, f16)

extern "C" __global__ void round_f32(const float* __restrict__ x, unsigned char* __restrict__ out,
                                     long long count) {
  const long long at = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at < count) {
    out[at] = __nv_cvt_float_to_fp8(x[at], __NV_SATFINITE, __NV_E4M3);
  }
}
