// What the attention kernels share: segments of keys and values, and the exponential.
#pragma once

#include "values.cuh"

constexpr int kSegments = 4;

// Segments of keys and values, and where each begins in the sequence; unused ones begin at its end.
template <typename T>
struct KeyValuesOf {
  const T* keys[kSegments];
  const T* values[kSegments];
  int first[kSegments];
  int total;
};

using KeyValues = KeyValuesOf<bf16>;

// Where the rows of one segment are: row i of the sequence is at keys + i * stride.
template <typename T>
struct SegmentOf {
  const T* keys;
  const T* values;
  int end;
};

using Segment = SegmentOf<bf16>;

// Returns the segment that a row of the sequence is in.
template <typename T>
__device__ inline SegmentOf<T> segment_of(const KeyValuesOf<T>& kv, int row, long long row_stride) {
  const T* keys = kv.keys[0];
  const T* values = kv.values[0];
  int first = 0;
  int end = kv.first[1];
#pragma unroll
  for (int i = 1; i < kSegments; i++) {
    const bool reached = row >= kv.first[i];
    keys = reached ? kv.keys[i] : keys;
    values = reached ? kv.values[i] : values;
    first = reached ? kv.first[i] : first;
    end = reached ? (i + 1 < kSegments ? kv.first[i + 1] : kv.total) : end;
  }
  return {keys - first * row_stride, values - first * row_stride, end};
}

// Lets the sum of exponentials grow by this power of two before results are scaled down again.
constexpr float kSlack = 8.0f;

__device__ inline float power_of_two(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
