// Attention of any head width up to 512, with an optional bias: for what attention.cu does not
// take.
//
//   out[i, n, :] = sum_j softmax_j(scale * q[i, n, :] . k[j, n, :] + bias[n, i, j]) * v[j, n, :]
//
// q, out: [queries, heads, D]; keys and values: up to four segments [count, heads, D] that are read
// as one sequence; bias: [heads, queries, total], or null for none; all row-major and of one type.
// out may be q. The softmax is computed 32 keys at a time, online, in fp32.
// Launch: grid (ceil(queries / warps of a block), heads), a multiple of 32 threads, dynamic shared
// memory of D * 4 bytes a warp; a warp computes one query of one head.
// Java side: GeneralAttentionKernel. Specification: CpuOps#attention.

#include "include/values.cuh"

namespace {

constexpr int kSegments = 4;
constexpr int kMaxLaneChannels = 16;  // of a head width of 512

template <typename T>
struct KeyValues {
  const T* keys[kSegments];
  const T* values[kSegments];
  int first[kSegments];
  int total;
};

template <typename T>
__device__ inline void attend(const T* q, const KeyValues<T>& kv, const T* bias, T* out,
                              int queries, int heads, int head_width, float scale) {
  extern __shared__ float shared[];
  const int lane = threadIdx.x % 32;
  const int warps = blockDim.x / 32;
  const int query = blockIdx.x * warps + threadIdx.x / 32;
  if (query >= queries) {
    return;
  }
  const int head = blockIdx.y;
  const long long row_stride = static_cast<long long>(heads) * head_width;
  const long long head_start = static_cast<long long>(head) * head_width;
  float* scaled = shared + threadIdx.x / 32 * head_width;
  for (int c = lane; c < head_width; c += 32) {
    scaled[c] = to_float(q[query * row_stride + head_start + c]) * scale;
  }
  __syncwarp();

  float result[kMaxLaneChannels] = {};
  float largest = -INFINITY;
  float sum = 0.0f;
  for (int first = 0; first < kv.total; first += 32) {
    const int key = first + lane;
    const T* key_row = kv.keys[0];
    const T* value_row = kv.values[0];
    int start = 0;
#pragma unroll
    for (int i = 1; i < kSegments; i++) {
      const bool reached = key < kv.total && key >= kv.first[i];
      key_row = reached ? kv.keys[i] : key_row;
      value_row = reached ? kv.values[i] : value_row;
      start = reached ? kv.first[i] : start;
    }
    key_row += (key - start) * row_stride + head_start;
    value_row += (key - start) * row_stride + head_start;

    float score = -INFINITY;
    if (key < kv.total) {
      score = 0.0f;
      for (int c = 0; c < head_width; c++) {
        score += scaled[c] * to_float(key_row[c]);
      }
      if (bias != nullptr) {
        score += to_float(bias[(static_cast<long long>(head) * queries + query) * kv.total + key]);
      }
    }
    const float next = fmaxf(largest, warp_max(score));
    const float factor = __expf(largest - next);
    const float probability = __expf(score - next);
    largest = next;
    sum = sum * factor + probability;
    const int count = min(32, kv.total - first);
    const unsigned long long row_address = reinterpret_cast<unsigned long long>(value_row);
#pragma unroll
    for (int i = 0; i < kMaxLaneChannels; i++) {
      result[i] *= factor;
    }
    for (int j = 0; j < count; j++) {
      const float weight = __shfl_sync(0xffffffffu, probability, j);
      const T* values = reinterpret_cast<const T*>(__shfl_sync(0xffffffffu, row_address, j));
#pragma unroll
      for (int i = 0; i < kMaxLaneChannels; i++) {
        const int c = lane + i * 32;
        if (c < head_width) {
          result[i] += weight * to_float(values[c]);
        }
      }
    }
  }
  const float total = warp_sum(sum);
#pragma unroll
  for (int i = 0; i < kMaxLaneChannels; i++) {
    const int c = lane + i * 32;
    if (c < head_width) {
      store(out + query * row_stride + head_start + c, result[i] / total);
    }
  }
}

}  // namespace

// Defines a kernel. Unused segments are null and begin at `total`.
#define DEFINE_ATTENTION(T, TN)                                                                 \
  extern "C" __global__ void attention_general_##TN(                                            \
      const T* q, const T* k0, const T* k1, const T* k2, const T* k3, const T* v0, const T* v1, \
      const T* v2, const T* v3, int first1, int first2, int first3, int total, const T* bias,   \
      T* out, int queries, int heads, int head_width, float scale) {                            \
    const KeyValues<T> kv = {                                                                   \
        {k0, k1, k2, k3}, {v0, v1, v2, v3}, {0, first1, first2, first3}, total};                \
    attend(q, kv, bias, out, queries, heads, head_width, scale);                                \
  }

DEFINE_ATTENTION(float, f32)
DEFINE_ATTENTION(bf16, bf16)
DEFINE_ATTENTION(fp16, f16)
