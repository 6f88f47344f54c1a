// Normalisation over the last dimension.
//
//   layer_norm:           out = (x - mean) / sqrt(variance + epsilon) * weight + bias
//   layer_norm_modulated: out = (x - mean) / sqrt(variance + epsilon) * (1 + scale) + shift
//   rms_norm:             out = x / sqrt(mean of x^2 + epsilon) * weight
//
// x, out: [rows, width] row-major; weight, bias: [width], either null for 1 and 0; scale, shift:
// [rows / group_rows, width], each row of them for group_rows rows of x. The variance is that of
// the population, from the differences to the mean. Every kernel exists for each choice of f32 and
// bf16 for x, parameters and out, in this order in its name. Sums are fp32. out may be x.
// `packed` is 1 if all pointers are 16-byte aligned and width is a multiple of 8.
// Launch: one thread block a row, a multiple of 32 threads; packed rows of at most 32 elements a
// thread stay in registers, others are read again.
// Java side: NormKernels. Specification: CpuOps.

#include "include/rows.cuh"

namespace {

template <typename X>
__device__ inline Moments moments_of(const X* row, int width, float epsilon) {
  float sum = 0.0f;
  for (int c = threadIdx.x; c < width; c += blockDim.x) {
    sum += to_float(row[c]);
  }
  const float mean = block_sum(sum) / width;
  float squares = 0.0f;
  for (int c = threadIdx.x; c < width; c += blockDim.x) {
    const float difference = to_float(row[c]) - mean;
    squares += difference * difference;
  }
  return {mean, rsqrtf(block_sum(squares) / width + epsilon)};
}

// out = (x - mean) * factor * (offset + weight) + bias, `offset` being 1 for a modulation.
template <typename X, typename P, typename Out>
__device__ inline void normalize(const X* row, const P* weight, const P* bias, Out* out, int width,
                                 float epsilon, int packed, float offset) {
  if (stays_in_registers(width, packed)) {
    PackedRow<X> kept(row, width);
    normalize_kept(kept, weight, bias, width, epsilon, offset);
    store_kept(kept, out);
    return;
  }
  const Moments moments = moments_of(row, width, epsilon);
  for (int c = threadIdx.x; c < width; c += blockDim.x) {
    const float value = (to_float(row[c]) - moments.mean) * moments.factor;
    const float gain = weight == nullptr ? 1.0f : offset + to_float(weight[c]);
    store(out + c, value * gain + (bias == nullptr ? 0.0f : to_float(bias[c])));
  }
}

template <typename X, typename P, typename Out>
__device__ inline void rms(const X* row, const P* weight, Out* out, int width, float epsilon,
                           int packed) {
  if (stays_in_registers(width, packed)) {
    PackedRow<X> kept(row, width);
    rms_kept(kept, weight, width, epsilon);
    store_kept(kept, out);
    return;
  }
  float squares = 0.0f;
  for (int c = threadIdx.x; c < width; c += blockDim.x) {
    const float value = to_float(row[c]);
    squares += value * value;
  }
  const float factor = rsqrtf(block_sum(squares) / width + epsilon);
  for (int c = threadIdx.x; c < width; c += blockDim.x) {
    store(out + c, to_float(row[c]) * factor * to_float(weight[c]));
  }
}

}  // namespace

#define DEFINE_NORMS(X, XN, P, PN, OUT, ON)                                                        \
  extern "C" __global__ void layer_norm_##XN##_##PN##_##ON(const X* x, const P* weight,            \
                                                           const P* bias, OUT* out, int width,     \
                                                           float epsilon, int packed) {            \
    const long long start = static_cast<long long>(blockIdx.x) * width;                            \
    normalize(x + start, weight, bias, out + start, width, epsilon, packed, 0.0f);                 \
  }                                                                                                \
  extern "C" __global__ void layer_norm_modulated_##XN##_##PN##_##ON(                              \
      const X* x, const P* scale, const P* shift, OUT* out, int width, int group_rows,             \
      float epsilon, int packed) {                                                                 \
    const long long start = static_cast<long long>(blockIdx.x) * width;                            \
    const long long group = static_cast<long long>(blockIdx.x / group_rows) * width;               \
    normalize(x + start, scale + group, shift + group, out + start, width, epsilon, packed, 1.0f); \
  }                                                                                                \
  extern "C" __global__ void rms_norm_##XN##_##PN##_##ON(const X* x, const P* weight, OUT* out,    \
                                                         int width, float epsilon, int packed) {   \
    const long long start = static_cast<long long>(blockIdx.x) * width;                            \
    rms(x + start, weight, out + start, width, epsilon, packed);                                   \
  }

DEFINE_NORMS(float, f32, float, f32, float, f32)
DEFINE_NORMS(float, f32, float, f32, bf16, bf16)
DEFINE_NORMS(float, f32, bf16, bf16, float, f32)
DEFINE_NORMS(float, f32, bf16, bf16, bf16, bf16)
DEFINE_NORMS(bf16, bf16, float, f32, float, f32)
DEFINE_NORMS(bf16, bf16, float, f32, bf16, bf16)
DEFINE_NORMS(bf16, bf16, bf16, bf16, float, f32)
DEFINE_NORMS(bf16, bf16, bf16, bf16, bf16, bf16)
