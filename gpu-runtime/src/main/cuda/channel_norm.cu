// The VAE's normalisation over channels, with the activation behind it.
//
//   out[r, c] = activation(x[r, c] / max(|x[r, :]|, 1e-12) * sqrt(width) * gamma[c])
//
// x, out: [rows, width] row-major; gamma: [width]. Exists for f32 and fp16 tensors, all of one
// type. Sums are fp32. out may be x. `packed` is 1 if all pointers are 16-byte aligned and width is
// a multiple of 8. `activation` is one of the enum Activation.
// Launch: threads of a block a multiple of 32; `lanes` of them, a power of two up to 32, share a
// row: 2 * blockDim.x / lanes rows a block.
// Java side: ChannelNormKernel. Specification: CpuOps#channelNorm.

#include "include/values.cuh"

namespace {

constexpr int kPacks = 4;  // of a row that a lane keeps; wider rows are read again
constexpr int kRows = 2;   // that a lane works on at once
constexpr float kSmallestNorm = 1e-12f;

// Eight values as they were read, which take fewer registers than floats.
template <typename T>
struct alignas(16) Pack {
  T values[kPack];
};

__device__ inline float sum_over_lanes(float value, int lanes) {
  for (int distance = lanes / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, distance);
  }
  return value;
}

// Several rows at once, so that enough loads are under way; packed rows that stay in registers.
template <typename T>
__device__ inline void normalize_packed(const T* x, const T* gamma, T* out, long long first_row,
                                        int row_step, long long rows, int width, int lanes,
                                        int activation) {
  const int lane = threadIdx.x % lanes;
  Pack<T> kept[kRows][kPacks];
#pragma unroll
  for (int r = 0; r < kRows; r++) {
    const long long row = first_row + r * row_step;
#pragma unroll
    for (int p = 0; p < kPacks; p++) {
      const int at = (lane + p * lanes) * kPack;
      if (at < width && row < rows) {
        kept[r][p] = *reinterpret_cast<const Pack<T>*>(x + row * width + at);
      }
    }
  }
#pragma unroll
  for (int r = 0; r < kRows; r++) {
    const long long row = first_row + r * row_step;
    float squares = 0.0f;
#pragma unroll
    for (int p = 0; p < kPacks; p++) {
      if ((lane + p * lanes) * kPack < width && row < rows) {
        float v[kPack];
        load_pack(kept[r][p].values, v);
#pragma unroll
        for (int i = 0; i < kPack; i++) squares += v[i] * v[i];
      }
    }
    const float norm = sqrtf(sum_over_lanes(squares, lanes));
    const float factor = sqrtf(static_cast<float>(width)) / fmaxf(norm, kSmallestNorm);
#pragma unroll
    for (int p = 0; p < kPacks; p++) {
      const int at = (lane + p * lanes) * kPack;
      if (at < width && row < rows) {
        float v[kPack];
        float gain[kPack];
        load_pack(kept[r][p].values, v);
        load_pack(gamma + at, gain);
#pragma unroll
        for (int i = 0; i < kPack; i++) v[i] = activate(v[i] * factor * gain[i], activation);
        store_pack(out + row * width + at, v);
      }
    }
  }
}

template <typename T>
__device__ inline void normalize(const T* x, const T* gamma, T* out, long long row, long long rows,
                                 int width, int lanes, int activation) {
  const int lane = threadIdx.x % lanes;
  const bool valid = row < rows;  // all lanes of a warp take part in its sums
  const T* source = x + (valid ? row : 0) * width;
  float squares = 0.0f;
  for (int c = lane; c < width; c += lanes) {
    const float value = to_float(source[c]);
    squares += value * value;
  }
  const float norm = sqrtf(sum_over_lanes(squares, lanes));
  const float factor = sqrtf(static_cast<float>(width)) / fmaxf(norm, kSmallestNorm);
  for (int c = lane; valid && c < width; c += lanes) {
    const float value = to_float(source[c]) * factor * to_float(gamma[c]);
    store(out + row * width + c, activate(value, activation));
  }
}

template <typename T>
__device__ inline void channel_norm(const T* x, const T* gamma, T* out, long long rows, int width,
                                    int lanes, int activation, int packed) {
  const int row_step = blockDim.x / lanes;
  const long long first_row =
      static_cast<long long>(blockIdx.x) * row_step * kRows + threadIdx.x / lanes;
  if (packed && width <= kPack * kPacks * lanes) {
    normalize_packed(x, gamma, out, first_row, row_step, rows, width, lanes, activation);
    return;
  }
  for (int r = 0; r < kRows; r++) {
    normalize(x, gamma, out, first_row + r * row_step, rows, width, lanes, activation);
  }
}

}  // namespace

extern "C" __global__ void channel_norm_f16(const fp16* x, const fp16* gamma, fp16* out,
                                            long long rows, int width, int lanes, int activation,
                                            int packed) {
  channel_norm(x, gamma, out, rows, width, lanes, activation, packed);
}

extern "C" __global__ void channel_norm_f32(const float* x, const float* gamma, float* out,
                                            long long rows, int width, int lanes, int activation,
                                            int packed) {
  channel_norm(x, gamma, out, rows, width, lanes, activation, packed);
}
