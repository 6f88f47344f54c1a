// Operations that move values, and the rotary embedding.
//
//   rope:         out[s, n, 2j]     = x[s, n, 2j] * cos[s, j] - x[s, n, 2j+1] * sin[s, j]
//                 out[s, n, 2j + 1] = x[s, n, 2j] * sin[s, j] + x[s, n, 2j+1] * cos[s, j]
//   unpatchify:   out[t, 2h + p, 2w + q, c] = x[t, h, w, (2p + q) * channels + c]
//   upsample2x:   out[t, h, w, c] = x[t, h / 2, w / 2, c]
//   copy_columns: out[r, c] = x[r, first_column + c], 0 where that is beyond the row
//   put_columns:  out[r, first_column + c] = x[r, c]
//
// All tensors are row-major; cos and sin are fp32 [S, D/2]. Every kernel exists for f32, bf16 and
// fp16 tensors, all of one type. Only rope allows out to be x. `packed` is 1 if all pointers are 16-byte
// aligned and channels, D, widths and first_column multiples of 8; then a thread moves 8 elements,
// otherwise one (rope: 2).
// Launch: rope: one thread block a token, any number of threads; the others: a thread for every 8
// elements of out (put_columns: of x), or for every element if not packed.
// Java side: LayoutKernels. Specification: CpuOps.

#include "include/values.cuh"

namespace {

template <typename T>
__device__ inline void rope(const T* x, const float* cos, const float* sin, T* out, int heads,
                            int head_width, int packed) {
  const long long token = blockIdx.x;
  const int width = heads * head_width;
  const int pairs = head_width / 2;
  const T* source = x + token * width;
  T* target = out + token * width;
  const float* token_cos = cos + token * pairs;
  const float* token_sin = sin + token * pairs;
  if (packed) {
    for (int at = threadIdx.x * kPack; at < width; at += blockDim.x * kPack) {
      const int pair = at % head_width / 2;
      const float4 c = *reinterpret_cast<const float4*>(token_cos + pair);
      const float4 s = *reinterpret_cast<const float4*>(token_sin + pair);
      const float cosines[4] = {c.x, c.y, c.z, c.w};
      const float sines[4] = {s.x, s.y, s.z, s.w};
      float v[kPack];
      load_pack(source + at, v);
#pragma unroll
      for (int j = 0; j < 4; j++) {
        const float a = v[2 * j];
        const float b = v[2 * j + 1];
        v[2 * j] = a * cosines[j] - b * sines[j];
        v[2 * j + 1] = a * sines[j] + b * cosines[j];
      }
      store_pack(target + at, v);
    }
    return;
  }
  for (int at = threadIdx.x * 2; at < width; at += blockDim.x * 2) {
    const int pair = at % head_width / 2;
    const float a = to_float(source[at]);
    const float b = to_float(source[at + 1]);
    store(target + at, a * token_cos[pair] - b * token_sin[pair]);
    store(target + at + 1, a * token_sin[pair] + b * token_cos[pair]);
  }
}

// Moves what lies at `source`: a pack if Packed, else one element.
template <bool Packed, typename T>
__device__ inline void move(const T* source, T* target) {
  if constexpr (Packed) {
    constexpr int kWords = kPack * sizeof(T) / 16;
#pragma unroll
    for (int i = 0; i < kWords; i++) {
      reinterpret_cast<uint4*>(target)[i] = reinterpret_cast<const uint4*>(source)[i];
    }
  } else {
    *target = *source;
  }
}

__device__ inline long long thread_index() {
  return static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
}

template <bool Packed, typename T>
__device__ inline void unpatchify(const T* x, T* out, long long count, int width, int channels) {
  const long long at = thread_index() * (Packed ? kPack : 1);
  if (at >= count) {
    return;
  }
  const long long cell = at / channels;
  const int c = static_cast<int>(at % channels);
  const long long row = cell / (2 * width);  // of all frames
  const int column = static_cast<int>(cell % (2 * width));
  const long long token = row / 2 * width + column / 2;
  const long long part = row % 2 * 2 + column % 2;
  move<Packed>(x + (token * 4 + part) * channels + c, out + at);
}

template <bool Packed, typename T>
__device__ inline void upsample2x(const T* x, T* out, long long count, int width, int channels) {
  const long long at = thread_index() * (Packed ? kPack : 1);
  if (at >= count) {
    return;
  }
  const long long cell = at / channels;
  const int c = static_cast<int>(at % channels);
  const long long row = cell / (2 * width);
  const int column = static_cast<int>(cell % (2 * width));
  move<Packed>(x + (row / 2 * width + column / 2) * channels + c, out + at);
}

template <bool Packed, typename T>
__device__ inline void copy_columns(const T* x, T* out, long long count, int width, int columns,
                                    int first_column) {
  const long long at = thread_index() * (Packed ? kPack : 1);
  if (at >= count) {
    return;
  }
  const int column = first_column + static_cast<int>(at % columns);
  if (Packed || column < width) {
    move<Packed>(x + at / columns * width + column, out + at);
  } else {
    store(out + at, 0.0f);
  }
}

template <bool Packed, typename T>
__device__ inline void put_columns(const T* x, T* out, long long count, int width, int columns,
                                   int first_column) {
  const long long at = thread_index() * (Packed ? kPack : 1);
  if (at < count) {
    move<Packed>(x + at, out + at / columns * width + first_column + at % columns);
  }
}

}  // namespace

#define DEFINE_LAYOUT(T, TN)                                                                   \
  extern "C" __global__ void rope_##TN(const T* x, const float* cos, const float* sin, T* out, \
                                       int heads, int head_width, int packed) {                \
    rope(x, cos, sin, out, heads, head_width, packed);                                         \
  }                                                                                            \
  extern "C" __global__ void unpatchify_##TN(const T* x, T* out, long long count, int width,   \
                                             int channels, int packed) {                       \
    packed ? unpatchify<true>(x, out, count, width, channels)                                  \
           : unpatchify<false>(x, out, count, width, channels);                                \
  }                                                                                            \
  extern "C" __global__ void upsample2x_##TN(const T* x, T* out, long long count, int width,   \
                                             int channels, int packed) {                       \
    packed ? upsample2x<true>(x, out, count, width, channels)                                  \
           : upsample2x<false>(x, out, count, width, channels);                                \
  }                                                                                            \
  extern "C" __global__ void copy_columns_##TN(const T* x, T* out, long long count, int width, \
                                               int columns, int first_column, int packed) {    \
    packed ? copy_columns<true>(x, out, count, width, columns, first_column)                   \
           : copy_columns<false>(x, out, count, width, columns, first_column);                 \
  }                                                                                            \
  extern "C" __global__ void put_columns_##TN(const T* x, T* out, long long count, int width,  \
                                              int columns, int first_column, int packed) {     \
    packed ? put_columns<true>(x, out, count, width, columns, first_column)                    \
           : put_columns<false>(x, out, count, width, columns, first_column);                  \
  }

DEFINE_LAYOUT(float, f32)
DEFINE_LAYOUT(bf16, bf16)
DEFINE_LAYOUT(fp16, f16)
