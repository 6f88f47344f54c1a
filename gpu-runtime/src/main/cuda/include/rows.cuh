// Rows that a thread block reads once and keeps in registers, and their moments.
//
// A thread moves 16 bytes of the row at a time, next to those of its neighbours, and nothing of it
// stays in the L1 cache longer than it must: parameters, which all rows need, are what it is for.
#pragma once

#include "values.cuh"

constexpr int kKept = 32;  // values that a thread keeps at most

// Values of a row that a thread moves at once.
template <typename X>
constexpr int kRowPack = 16 / static_cast<int>(sizeof(X));

// load_pack of what is not needed again soon.
__device__ inline void load_once(const float* source, float (&values)[4]) {
  const float4 v = __ldcs(reinterpret_cast<const float4*>(source));
  values[0] = v.x;
  values[1] = v.y;
  values[2] = v.z;
  values[3] = v.w;
}

__device__ inline void load_once(const bf16* source, float (&values)[8]) {
  const uint4 bits = __ldcs(reinterpret_cast<const uint4*>(source));
  const unsigned words[4] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    values[2 * i] = __uint_as_float(words[i] << 16);
    values[2 * i + 1] = __uint_as_float(words[i] & 0xffff0000u);
  }
}

// A row that is read once and kept.
template <typename X>
struct PackedRow {
  static constexpr int kWidth = kRowPack<X>;
  static constexpr int kCount = kKept / kWidth;

  float values[kCount][kWidth];
  int packs;
  int thread;   // this one's number of those that share the row
  int threads;  // that share it

  __device__ PackedRow(const X* row, int width) : PackedRow(row, width, threadIdx.x, blockDim.x) {}

  __device__ PackedRow(const X* row, int width, int thread_of_row, int threads_of_row)
      : packs(width / kWidth), thread(thread_of_row), threads(threads_of_row) {
    for_each([&](int at, float(&v)[kWidth]) { load_once(row + at, v); });
  }

  template <typename Body>
  __device__ void for_each(Body body) {
#pragma unroll
    for (int p = 0; p < kCount; p++) {
      const int at = thread + p * threads;
      if (at < packs) {
        body(at * kWidth, values[p]);
      }
    }
  }
};

struct Moments {
  float mean;
  float factor;  // 1 over the deviation
};

template <typename X>
__device__ inline Moments moments_of(PackedRow<X>& row, int width, float epsilon) {
  float sum = 0.0f;
  row.for_each([&](int, auto& v) {
#pragma unroll
    for (int i = 0; i < kRowPack<X>; i++) sum += v[i];
  });
  const float mean = block_sum(sum) / width;
  float squares = 0.0f;
  row.for_each([&](int, auto& v) {
#pragma unroll
    for (int i = 0; i < kRowPack<X>; i++) squares += (v[i] - mean) * (v[i] - mean);
  });
  return {mean, rsqrtf(block_sum(squares) / width + epsilon)};
}

__device__ inline bool stays_in_registers(int width, int packed) {
  return packed && width <= kKept * static_cast<int>(blockDim.x);
}

// kept = (kept - mean) * factor * (offset + weight) + bias, `offset` being 1 for a modulation.
template <typename X, typename P>
__device__ inline void normalize_kept(PackedRow<X>& kept, const P* weight, const P* bias, int width,
                                      float epsilon, float offset) {
  const Moments moments = moments_of(kept, width, epsilon);
  kept.for_each([&](int at, auto& v) {
    float gain[kRowPack<X>];
    float addend[kRowPack<X>];
    if (weight != nullptr) load_pack(weight + at, gain);
    if (bias != nullptr) load_pack(bias + at, addend);
#pragma unroll
    for (int i = 0; i < kRowPack<X>; i++) {
      v[i] = (v[i] - moments.mean) * moments.factor;
      v[i] = (weight == nullptr ? v[i] : v[i] * (offset + gain[i])) +
             (bias == nullptr ? 0.0f : addend[i]);
    }
  });
}

// v = v * factor * weight.
template <typename P, int Width>
__device__ inline void scale_pack(float (&v)[Width], float factor, const P* weight) {
  float gain[Width];
  load_pack(weight, gain);
#pragma unroll
  for (int i = 0; i < Width; i++) v[i] = v[i] * factor * gain[i];
}

template <typename X>
__device__ inline float squares_of(PackedRow<X>& kept) {
  float squares = 0.0f;
  kept.for_each([&](int, auto& v) {
#pragma unroll
    for (int i = 0; i < kRowPack<X>; i++) squares += v[i] * v[i];
  });
  return squares;
}

// kept = kept / sqrt(mean of kept^2 + epsilon) * weight.
template <typename X, typename P>
__device__ inline void rms_kept(PackedRow<X>& kept, const P* weight, int width, float epsilon) {
  const float factor = rsqrtf(block_sum(squares_of(kept)) / width + epsilon);
  kept.for_each([&](int at, auto& v) { scale_pack(v, factor, weight + at); });
}

// Turns the four pairs of a pack by their angles; cos and sin are those of the first one.
__device__ inline void turn_pack(float (&v)[8], const float* cos, const float* sin) {
  const float4 c = *reinterpret_cast<const float4*>(cos);
  const float4 s = *reinterpret_cast<const float4*>(sin);
  const float cosines[4] = {c.x, c.y, c.z, c.w};
  const float sines[4] = {s.x, s.y, s.z, s.w};
#pragma unroll
  for (int j = 0; j < 4; j++) {
    const float a = v[2 * j];
    const float b = v[2 * j + 1];
    v[2 * j] = a * cosines[j] - b * sines[j];
    v[2 * j + 1] = a * sines[j] + b * cosines[j];
  }
}

// kept += y * gate, and x = kept: a residual and what it grows by. Null for a gate of 1. All of y
// is on its way before anything is stored, behind which the compiler would leave the other loads.
__device__ inline void add_to_kept(PackedRow<float>& kept, float* x, const bf16* y,
                                   const float* gate) {
  uint2 bits[PackedRow<float>::kCount];
#pragma unroll
  for (int p = 0; p < PackedRow<float>::kCount; p++) {
    const int at = kept.thread + p * kept.threads;
    if (at < kept.packs) {
      bits[p] = __ldcs(reinterpret_cast<const uint2*>(y) + at);
    }
  }
#pragma unroll
  for (int p = 0; p < PackedRow<float>::kCount; p++) {
    const int at = kept.thread + p * kept.threads;
    if (at < kept.packs) {
      float(&v)[4] = kept.values[p];
      const float addend[4] = {
          __uint_as_float(bits[p].x << 16), __uint_as_float(bits[p].x & 0xffff0000u),
          __uint_as_float(bits[p].y << 16), __uint_as_float(bits[p].y & 0xffff0000u)};
      float factor[4];
      if (gate != nullptr) load_pack(gate + at * 4, factor);
#pragma unroll
      for (int i = 0; i < 4; i++) v[i] += gate == nullptr ? addend[i] : addend[i] * factor[i];
      __stcs(reinterpret_cast<float4*>(x) + at, make_float4(v[0], v[1], v[2], v[3]));
    }
  }
}

template <typename X, typename Out>
__device__ inline void store_kept(PackedRow<X>& kept, Out* out) {
  kept.for_each([&](int at, auto& v) { store_pack(out + at, v); });
}
