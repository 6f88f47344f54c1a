// Attention for fp32 heads 64 wide, without a bias, on the ordinary cores.
//
//   out[i, n, :] = sum_j softmax_j(scale * q[i, n, :] . k[j, n, :]) * v[j, n, :]
//
// q, out: [queries, heads, 64]; k, v: [keys, heads, 64]; all row-major and 16-byte aligned. out may
// be q. The softmax is computed 64 keys at a time, online; everything is fp32. The order of all
// sums is fixed, so results are the same in every run.
// Launch: grid (ceil(queries / 64), heads), 256 threads, dynamic shared memory of 4 * 64 * 68 * 4
// bytes. Thread (x, y) = (threadIdx.x % 16, threadIdx.x / 16) computes scores of queries 4y to 4y+3
// and keys 4x to 4x+3, and results of the same queries and channels 4x to 4x+3; the 16 threads of
// a row of scores are half a warp.
// Java side: Fp32AttentionKernel. Specification: CpuOps#attention.

#include "include/values.cuh"

namespace {

constexpr int kWidth = 64;          // of a head
constexpr int kTile = 64;           // queries, and keys at a time
constexpr int kStride = kTile + 4;  // of rows in shared memory; keeps them aligned to 16 bytes
constexpr int kThreads = 256;
constexpr int kFours = kWidth / 4;  // pieces of 16 bytes in a row
constexpr int kTileFloats = kTile * kStride;

// Loads rows [first, first + kTile) of one head to tile[channel][row]; those behind the last are 0.
__device__ inline void load_transposed(const float* rows, int first, int count,
                                       long long row_stride, float factor, float* tile) {
  for (int at = threadIdx.x; at < kTile * kFours; at += kThreads) {
    const int row = at % kTile;
    const int channel = at / kTile * 4;
    float4 v = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (first + row < count) {
      v = *reinterpret_cast<const float4*>(rows + (first + row) * row_stride + channel);
    }
    tile[channel * kStride + row] = v.x * factor;
    tile[(channel + 1) * kStride + row] = v.y * factor;
    tile[(channel + 2) * kStride + row] = v.z * factor;
    tile[(channel + 3) * kStride + row] = v.w * factor;
  }
}

// As load_transposed, to tile[row][channel].
__device__ inline void load_rows(const float* rows, int first, int count, long long row_stride,
                                 float* tile) {
  for (int at = threadIdx.x; at < kTile * kFours; at += kThreads) {
    const int row = at / kFours;
    const int channel = at % kFours * 4;
    float4 v = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (first + row < count) {
      v = *reinterpret_cast<const float4*>(rows + (first + row) * row_stride + channel);
    }
    *reinterpret_cast<float4*>(tile + row * kStride + channel) = v;
  }
}

// sum[i][j] += sum_d a[d][4y + i] * b[d][4x + j] for tiles a and b.
__device__ inline void multiply_tiles(const float* a, const float* b, int x, int y,
                                      float (&sum)[4][4]) {
#pragma unroll 8
  for (int d = 0; d < kTile; d++) {
    const float4 left = *reinterpret_cast<const float4*>(a + d * kStride + y * 4);
    const float4 right = *reinterpret_cast<const float4*>(b + d * kStride + x * 4);
    const float l[4] = {left.x, left.y, left.z, left.w};
    const float r[4] = {right.x, right.y, right.z, right.w};
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
      for (int j = 0; j < 4; j++) sum[i][j] += l[i] * r[j];
    }
  }
}

// Returns the sum over the 16 threads of half a warp, the same to all.
__device__ inline float half_warp_sum(float value) {
#pragma unroll
  for (int distance = 8; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, distance);
  }
  return value;
}

// As half_warp_sum, of the largest value.
__device__ inline float half_warp_max(float value) {
#pragma unroll
  for (int distance = 8; distance > 0; distance /= 2) {
    value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, distance));
  }
  return value;
}

}  // namespace

extern "C" __global__ void __launch_bounds__(kThreads, 2)
    attention_fp32_64(const float* q, const float* k, const float* v, float* out, int queries,
                      int keys, int heads, float scale) {
  extern __shared__ __align__(16) float shared[];
  float* query_tile = shared;                       // [channel][query]
  float* key_tile = query_tile + kTileFloats;       // [channel][key]
  float* value_tile = key_tile + kTileFloats;       // [key][channel]
  float* probabilities = value_tile + kTileFloats;  // [key][query]

  const int x = threadIdx.x % 16;
  const int y = threadIdx.x / 16;
  const int first_query = blockIdx.x * kTile;
  const long long row_stride = static_cast<long long>(heads) * kWidth;
  const long long head_start = static_cast<long long>(blockIdx.y) * kWidth;
  load_transposed(q + head_start, first_query, queries, row_stride, scale, query_tile);

  float result[4][4] = {};
  float largest[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
  float total[4] = {};
  for (int first_key = 0; first_key < keys; first_key += kTile) {
    __syncthreads();  // everyone is done with the tiles
    load_transposed(k + head_start, first_key, keys, row_stride, 1.0f, key_tile);
    load_rows(v + head_start, first_key, keys, row_stride, value_tile);
    __syncthreads();

    float score[4][4] = {};
    multiply_tiles(query_tile, key_tile, x, y, score);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float highest = -INFINITY;
#pragma unroll
      for (int j = 0; j < 4; j++) {
        score[i][j] = first_key + x * 4 + j < keys ? score[i][j] : -INFINITY;
        highest = fmaxf(highest, score[i][j]);
      }
      // Every block of keys has at least one, so this is finite.
      const float next = fmaxf(largest[i], half_warp_max(highest));
      const float factor = __expf(largest[i] - next);
      largest[i] = next;
      float sum = 0.0f;
#pragma unroll
      for (int j = 0; j < 4; j++) {
        score[i][j] = __expf(score[i][j] - next);
        sum += score[i][j];
        result[i][j] *= factor;
      }
      total[i] = total[i] * factor + sum;
    }
#pragma unroll
    for (int j = 0; j < 4; j++) {
      *reinterpret_cast<float4*>(probabilities + (x * 4 + j) * kStride + y * 4) =
          make_float4(score[0][j], score[1][j], score[2][j], score[3][j]);
    }
    __syncthreads();
    multiply_tiles(probabilities, value_tile, x, y, result);
  }

#pragma unroll
  for (int i = 0; i < 4; i++) {
    const float factor = 1.0f / half_warp_sum(total[i]);
    const int query = first_query + y * 4 + i;
    if (query < queries) {
      *reinterpret_cast<float4*>(out + query * row_stride + head_start + x * 4) =
          make_float4(result[i][0] * factor, result[i][1] * factor, result[i][2] * factor,
                      result[i][3] * factor);
    }
  }
}
