// Rows that a thread block reads once and keeps in registers, and their moments.
#pragma once

#include "values.cuh"

constexpr int kPacks = 4;  // that a thread keeps

// A row that is read once and kept.
template <typename X>
struct PackedRow {
  float values[kPacks][kPack];
  int packs;

  __device__ PackedRow(const X* row, int width) : packs(width / kPack) {
#pragma unroll
    for (int p = 0; p < kPacks; p++) {
      const int at = threadIdx.x + p * blockDim.x;
      if (at < packs) {
        load_pack(row + at * kPack, values[p]);
      }
    }
  }

  template <typename Body>
  __device__ void for_each(Body body) {
#pragma unroll
    for (int p = 0; p < kPacks; p++) {
      const int at = threadIdx.x + p * blockDim.x;
      if (at < packs) {
        body(at * kPack, values[p]);
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
  row.for_each([&](int, float (&v)[kPack]) {
#pragma unroll
    for (int i = 0; i < kPack; i++) sum += v[i];
  });
  const float mean = block_sum(sum) / width;
  float squares = 0.0f;
  row.for_each([&](int, float (&v)[kPack]) {
#pragma unroll
    for (int i = 0; i < kPack; i++) squares += (v[i] - mean) * (v[i] - mean);
  });
  return {mean, rsqrtf(block_sum(squares) / width + epsilon)};
}

__device__ inline bool stays_in_registers(int width, int packed) {
  return packed && width <= kPack * kPacks * static_cast<int>(blockDim.x);
}

// kept = (kept - mean) * factor * (offset + weight) + bias, `offset` being 1 for a modulation.
template <typename X, typename P>
__device__ inline void normalize_kept(PackedRow<X>& kept, const P* weight, const P* bias, int width,
                                      float epsilon, float offset) {
  const Moments moments = moments_of(kept, width, epsilon);
  kept.for_each([&](int at, float (&v)[kPack]) {
    float gain[kPack];
    float addend[kPack];
    if (weight != nullptr) load_pack(weight + at, gain);
    if (bias != nullptr) load_pack(bias + at, addend);
#pragma unroll
    for (int i = 0; i < kPack; i++) {
      v[i] = (v[i] - moments.mean) * moments.factor;
      v[i] = (weight == nullptr ? v[i] : v[i] * (offset + gain[i])) +
             (bias == nullptr ? 0.0f : addend[i]);
    }
  });
}

// kept = kept / sqrt(mean of kept^2 + epsilon) * weight.
template <typename X, typename P>
__device__ inline void rms_kept(PackedRow<X>& kept, const P* weight, int width, float epsilon) {
  float squares = 0.0f;
  kept.for_each([&](int, float (&v)[kPack]) {
#pragma unroll
    for (int i = 0; i < kPack; i++) squares += v[i] * v[i];
  });
  const float factor = rsqrtf(block_sum(squares) / width + epsilon);
  kept.for_each([&](int at, float (&v)[kPack]) {
    float gain[kPack];
    load_pack(weight + at, gain);
#pragma unroll
    for (int i = 0; i < kPack; i++) v[i] = v[i] * factor * gain[i];
  });
}

// kept += y * gate, and x = kept: a residual and what it grows by. Null for a gate of 1.
template <typename X, typename Y, typename G>
__device__ inline void add_to_kept(PackedRow<X>& kept, X* x, const Y* y, const G* gate) {
  kept.for_each([&](int at, float (&v)[kPack]) {
    float addend[kPack];
    float factor[kPack];
    load_pack(y + at, addend);
    if (gate != nullptr) load_pack(gate + at, factor);
#pragma unroll
    for (int i = 0; i < kPack; i++) v[i] += gate == nullptr ? addend[i] : addend[i] * factor[i];
    store_pack(x + at, v);
  });
}

template <typename X, typename Out>
__device__ inline void store_kept(PackedRow<X>& kept, Out* out) {
  kept.for_each([&](int at, float (&v)[kPack]) { store_pack(out + at, v); });
}
