// Rounding to FP8 (e4m3). Needs sm_89.
#pragma once

#include <cuda_fp8.h>

constexpr float kLargestFp8 = 448.0f;

// Returns the scale of values of which the largest has this magnitude.
__device__ inline float scale_for(float largest) {
  return largest > 0.0f ? largest / kLargestFp8 : 1.0f;
}

// Rounds four values times `factor` to nearest even, the first to the lowest byte.
__device__ inline unsigned round_4(const float* v, float factor) {
  const __nv_fp8x2_storage_t low = __nv_cvt_float2_to_fp8x2(
      make_float2(v[0] * factor, v[1] * factor), __NV_SATFINITE, __NV_E4M3);
  const __nv_fp8x2_storage_t high = __nv_cvt_float2_to_fp8x2(
      make_float2(v[2] * factor, v[3] * factor), __NV_SATFINITE, __NV_E4M3);
  return static_cast<unsigned>(low) | static_cast<unsigned>(high) << 16;
}
