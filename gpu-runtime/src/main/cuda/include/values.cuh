// Loading, storing and rounding of values, and sums over a thread block.
//
// Kernels are templates over the types of their tensors, float, bf16 and fp16; what they compute is
// fp32. Eight values at a time make 16-byte accesses of bf16 and fp16, and two of fp32. What is too
// large for fp16 becomes its largest value, 65504, never infinite; a NaN stays one.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

using bf16 = __nv_bfloat16;
using fp16 = __half;

constexpr int kPack = 8;  // values that a thread handles at once

// Whether T is fp16, for what the two 16-bit types do differently.
template <typename T>
constexpr bool kIsFp16 = false;
template <>
inline constexpr bool kIsFp16<fp16> = true;

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(bf16 value) { return __bfloat162float(value); }
__device__ inline float to_float(fp16 value) { return __half2float(value); }

__device__ inline void store(float* out, float value) { *out = value; }
__device__ inline void store(bf16* out, float value) { *out = __float2bfloat16(value); }
__device__ inline void store(fp16* out, float value) {
  unsigned short bits;
  asm("cvt.rn.satfinite.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  *out = __ushort_as_half(bits);
}

__device__ inline void load_pack(const float* source, float (&values)[kPack]) {
  const float4 low = reinterpret_cast<const float4*>(source)[0];
  const float4 high = reinterpret_cast<const float4*>(source)[1];
  values[0] = low.x;
  values[1] = low.y;
  values[2] = low.z;
  values[3] = low.w;
  values[4] = high.x;
  values[5] = high.y;
  values[6] = high.z;
  values[7] = high.w;
}

__device__ inline void load_pack(const bf16* source, float (&values)[kPack]) {
  const uint4 bits = *reinterpret_cast<const uint4*>(source);
  const unsigned words[4] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    values[2 * i] = __uint_as_float(words[i] << 16);
    values[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
  }
}

__device__ inline void load_pack(const fp16* source, float (&values)[kPack]) {
  const uint4 bits = *reinterpret_cast<const uint4*>(source);
  const unsigned words[4] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const float2 pair = __half22float2(*reinterpret_cast<const __half2*>(&words[i]));
    values[2 * i] = pair.x;
    values[2 * i + 1] = pair.y;
  }
}

// Four values: 16 bytes of fp32, so that neighbouring threads fill whole sectors of memory.
__device__ inline void load_pack(const float* source, float (&values)[4]) {
  const float4 v = *reinterpret_cast<const float4*>(source);
  values[0] = v.x;
  values[1] = v.y;
  values[2] = v.z;
  values[3] = v.w;
}

__device__ inline void load_pack(const bf16* source, float (&values)[4]) {
  const uint2 bits = *reinterpret_cast<const uint2*>(source);
  values[0] = __uint_as_float(bits.x << 16);
  values[1] = __uint_as_float(bits.x & 0xffff0000u);
  values[2] = __uint_as_float(bits.y << 16);
  values[3] = __uint_as_float(bits.y & 0xffff0000u);
}

__device__ inline void store_pack(float* out, const float (&values)[4]) {
  *reinterpret_cast<float4*>(out) = make_float4(values[0], values[1], values[2], values[3]);
}

__device__ inline void store_pack(float* out, const float (&values)[kPack]) {
  reinterpret_cast<float4*>(out)[0] = make_float4(values[0], values[1], values[2], values[3]);
  reinterpret_cast<float4*>(out)[1] = make_float4(values[4], values[5], values[6], values[7]);
}

__device__ inline unsigned pack_bf16(float low, float high) {
  const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *reinterpret_cast<const unsigned*>(&pair);
}

__device__ inline unsigned pack_fp16(float low, float high) {
  unsigned pair;
  asm("cvt.rn.satfinite.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

// Two values of a 16-bit type in one register, the first in its lower half.
template <typename T>
__device__ inline unsigned pack_pair(float low, float high) {
  if constexpr (kIsFp16<T>) {
    return pack_fp16(low, high);
  } else {
    return pack_bf16(low, high);
  }
}

__device__ inline void store_pack(bf16* out, const float (&values)[kPack]) {
  *reinterpret_cast<uint4*>(out) =
      make_uint4(pack_bf16(values[0], values[1]), pack_bf16(values[2], values[3]),
                 pack_bf16(values[4], values[5]), pack_bf16(values[6], values[7]));
}

__device__ inline void store_pack(bf16* out, const float (&values)[4]) {
  *reinterpret_cast<uint2*>(out) =
      make_uint2(pack_bf16(values[0], values[1]), pack_bf16(values[2], values[3]));
}

__device__ inline void store_pack(fp16* out, const float (&values)[kPack]) {
  *reinterpret_cast<uint4*>(out) =
      make_uint4(pack_fp16(values[0], values[1]), pack_fp16(values[2], values[3]),
                 pack_fp16(values[4], values[5]), pack_fp16(values[6], values[7]));
}

// What Kernels#code makes of the Java enum Activation.
enum Activation { kNone = 0, kSilu = 1, kGeluErf = 2, kGeluTanh = 3 };

// The fast division is within 2 units in the last place; beyond 2^126 it gives the 0 that is due.
__device__ inline float activate(float x, int activation) {
  switch (activation) {
    case kSilu:
      return __fdividef(x, 1.0f + __expf(-x));
    case kGeluErf:
      return 0.5f * x * (1.0f + erff(x * 0.70710678f));
    case kGeluTanh: {
      // (1 + tanh u)/2 is the logistic function of 2u.
      const float u = 0.7978845608f * (x + 0.044715f * x * x * x);
      return __fdividef(x, 1.0f + __expf(-2.0f * u));
    }
    default:
      return x;
  }
}

__device__ inline float warp_sum(float value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, distance);
  }
  return value;
}

__device__ inline float warp_max(float value) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, distance));
  }
  return value;
}

// Returns the sum over all threads of the block, the same to all. blockDim.x is a multiple of 32.
__device__ inline float block_sum(float value) {
  value = warp_sum(value);
  const int warps = blockDim.x / 32;
  if (warps == 1) {
    return value;
  }
  __shared__ float sums[32];
  const int lane = threadIdx.x % 32;
  __syncthreads();  // an earlier result may still be being read
  if (lane == 0) {
    sums[threadIdx.x / 32] = value;
  }
  __syncthreads();
  return warp_sum(lane < warps ? sums[lane] : 0.0f);
}

// As block_sum, of the largest value.
__device__ inline float block_max(float value) {
  value = warp_max(value);
  const int warps = blockDim.x / 32;
  if (warps == 1) {
    return value;
  }
  __shared__ float largest[32];
  const int lane = threadIdx.x % 32;
  __syncthreads();
  if (lane == 0) {
    largest[threadIdx.x / 32] = value;
  }
  __syncthreads();
  return warp_max(largest[lane < warps ? lane : 0]);
}
