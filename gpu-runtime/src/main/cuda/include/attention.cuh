// What the attention kernels share: segments of keys and values, and the exponential.
#pragma once

#include "values.cuh"

constexpr int kSegments = 4;

// Segments of keys and values, and where each begins in the sequence; unused ones begin at its end.
struct KeyValues {
  const bf16* keys[kSegments];
  const bf16* values[kSegments];
  int first[kSegments];
  int total;
};

// Where the rows of one segment are: row i of the sequence is at keys + i * stride.
struct Segment {
  const bf16* keys;
  const bf16* values;
  int end;
};

// Returns the segment that a row of the sequence is in.
__device__ inline Segment segment_of(const KeyValues& kv, int row, long long row_stride) {
  const bf16* keys = kv.keys[0];
  const bf16* values = kv.values[0];
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
