// Attention on the tensor cores, without a bias, for tensors of 16-bit types.
//
//   out[i, n, :] = sum_j softmax_j(scale * q[i, n, :] . k[j, n, :]) * v[j, n, :]
//
// q, out: [queries, heads, D]; keys and values: up to four segments [count, heads, D] that are
// read as one sequence; all row-major and 16-byte aligned. out may be q. The softmax is computed
// block by block of keys, online; scores, sums and results are fp32, probabilities are rounded to
// the type of the tensors, of which they are at most 2^kSlack. The order of all sums is fixed, so results are the same in every run.
// Launch: grid (ceil(queries / tile), heads), 128 threads, dynamic shared memory of
// (tile + 4 * keys) * D * 2 bytes, with tile and keys as in the instantiations below.
// Java side: AttentionKernel. Specification: CpuOps#attention.

#include "include/attention.cuh"
#include "include/tensor_core.cuh"

constexpr int kWarps = 4;

namespace {

// A tile [rows, D] in shared memory, in pieces of 16 bytes that are swizzled against bank
// conflicts.
template <int D>
__device__ inline unsigned piece_offset(int row, int piece) {
  return row * (D * 2) + ((piece ^ (row & 7)) << 4);
}

// Starts copying rows [first, first + Keys) of keys and values. The rows behind the last become 0.
template <int D, int Keys, typename T>
__device__ inline void load_keys(const KeyValuesOf<T>& kv, int first, long long row_stride,
                                 long long head_start, unsigned keys, unsigned values) {
  constexpr int kPieces = D / 8;
  SegmentOf<T> segment = segment_of(kv, first, row_stride);
  const bool whole = first + Keys <= segment.end;
#pragma unroll 8
  for (int at = threadIdx.x; at < Keys * kPieces; at += kWarps * 32) {
    const int row = at / kPieces;
    const int piece = at % kPieces;
    const int key = first + row;
    if (!whole) {
      segment = segment_of(kv, key, row_stride);
    }
    const bool valid = key < kv.total;
    const long long offset = key * row_stride + head_start + piece * 8;
    const unsigned target = piece_offset<D>(row, piece);
    copy_async(keys + target, valid ? segment.keys + offset : kv.keys[0], valid);
    copy_async(values + target, valid ? segment.values + offset : kv.values[0], valid);
  }
}

template <int D, int RowTiles, int Keys, typename T>
__device__ inline void attend(const T* q, const KeyValuesOf<T>& kv, T* out, int queries, int heads,
                              float scale) {
  constexpr int kWarpRows = 16 * RowTiles;
  constexpr int kTile = kWarps * kWarpRows;
  constexpr int kPieces = D / 8;
  constexpr unsigned kKeyBytes = Keys * D * 2;
  extern __shared__ __align__(128) unsigned char shared[];

  const int lane = threadIdx.x % 32;
  const int warp_row = threadIdx.x / 32 * kWarpRows;
  const int first_query = blockIdx.x * kTile;
  const long long row_stride = static_cast<long long>(heads) * D;
  const long long head_start = static_cast<long long>(blockIdx.y) * D;
  const unsigned query_tile = shared_address(shared);
  const unsigned key_tiles = query_tile + kTile * D * 2;
  const unsigned value_tiles = key_tiles + 2 * kKeyBytes;

  for (int at = threadIdx.x; at < kTile * kPieces; at += kWarps * 32) {
    const int row = at / kPieces;
    const int piece = at % kPieces;
    const bool valid = first_query + row < queries;
    const long long offset = valid ? (first_query + row) * row_stride + head_start + piece * 8 : 0;
    copy_async(query_tile + piece_offset<D>(row, piece), q + offset, valid);
  }
  load_keys<D, Keys>(kv, 0, row_stride, head_start, key_tiles, value_tiles);
  commit_copies();

  float result[RowTiles][D / 8][4] = {};
  float sum[RowTiles][2] = {};
  float reference[RowTiles][2];  // what exponents are relative to, near the largest so far
#pragma unroll
  for (int m = 0; m < RowTiles; m++) {
    reference[m][0] = reference[m][1] = -INFINITY;
  }
  const float scale_log2 = scale * 1.4426950408889634f;

  // Rows and pieces that this lane addresses in ldmatrix: of queries and values, and of keys.
  const int row_in_16 = lane % 16;
  const int piece_of_2 = lane / 16;
  const int key_in_16 = lane / 16 * 8 + lane % 8;
  const int key_piece = lane / 8 % 2;

  const int blocks = (kv.total + Keys - 1) / Keys;
  for (int block = 0; block < blocks; block++) {
    const unsigned stage = block % 2 * kKeyBytes;
    wait_copies<0>();
    __syncthreads();  // the tiles are there, and everyone is done with the other stage
    if (block + 1 < blocks) {
      load_keys<D, Keys>(kv, (block + 1) * Keys, row_stride, head_start,
                         key_tiles + (kKeyBytes - stage), value_tiles + (kKeyBytes - stage));
      commit_copies();
    }

    float score[RowTiles][Keys / 8][4] = {};
#pragma unroll
    for (int step = 0; step < D / 16; step++) {
      unsigned a[RowTiles][4];
#pragma unroll
      for (int m = 0; m < RowTiles; m++) {
        load_matrices(a[m], query_tile + piece_offset<D>(warp_row + m * 16 + row_in_16,
                                                         step * 2 + piece_of_2));
      }
#pragma unroll
      for (int n = 0; n < Keys / 16; n++) {
        unsigned b[4];
        load_matrices(
            b, key_tiles + stage + piece_offset<D>(n * 16 + key_in_16, step * 2 + key_piece));
#pragma unroll
        for (int m = 0; m < RowTiles; m++) {
          multiply_add<T>(score[m][2 * n], a[m], b[0], b[1]);
          multiply_add<T>(score[m][2 * n + 1], a[m], b[2], b[3]);
        }
      }
    }

    if ((block + 1) * Keys > kv.total) {
#pragma unroll
      for (int n = 0; n < Keys / 8; n++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          const int key = block * Keys + n * 8 + lane % 4 * 2 + c % 2;
          if (key >= kv.total) {
#pragma unroll
            for (int m = 0; m < RowTiles; m++) {
              score[m][n][c] = -INFINITY;
            }
          }
        }
      }
    }

#pragma unroll
    for (int m = 0; m < RowTiles; m++) {
      float largest[2] = {-INFINITY, -INFINITY};
#pragma unroll
      for (int n = 0; n < Keys / 8; n++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          largest[c / 2] = fmaxf(largest[c / 2], score[m][n][c]);
        }
      }
      bool grown = false;
#pragma unroll
      for (int half = 0; half < 2; half++) {
        largest[half] = fmaxf(largest[half], __shfl_xor_sync(0xffffffffu, largest[half], 1));
        largest[half] = fmaxf(largest[half], __shfl_xor_sync(0xffffffffu, largest[half], 2));
        largest[half] *= scale_log2;
        grown = grown || largest[half] > reference[m][half] + kSlack;
      }
      if (__any_sync(0xffffffffu, grown)) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
          const float next = fmaxf(reference[m][half], largest[half]);
          const float factor = power_of_two(reference[m][half] - next);
          reference[m][half] = next;
          sum[m][half] *= factor;
#pragma unroll
          for (int n = 0; n < D / 8; n++) {
            result[m][n][2 * half] *= factor;
            result[m][n][2 * half + 1] *= factor;
          }
        }
      }
#pragma unroll
      for (int n = 0; n < Keys / 8; n++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
          score[m][n][c] = power_of_two(fmaf(score[m][n][c], scale_log2, -reference[m][c / 2]));
          sum[m][c / 2] += score[m][n][c];
        }
      }
    }

#pragma unroll
    for (int step = 0; step < Keys / 16; step++) {
      unsigned a[RowTiles][4];
#pragma unroll
      for (int m = 0; m < RowTiles; m++) {
        a[m][0] = pack_pair<T>(score[m][2 * step][0], score[m][2 * step][1]);
        a[m][1] = pack_pair<T>(score[m][2 * step][2], score[m][2 * step][3]);
        a[m][2] = pack_pair<T>(score[m][2 * step + 1][0], score[m][2 * step + 1][1]);
        a[m][3] = pack_pair<T>(score[m][2 * step + 1][2], score[m][2 * step + 1][3]);
      }
#pragma unroll
      for (int n = 0; n < D / 16; n++) {
        unsigned b[4];
        load_matrices_transposed(
            b, value_tiles + stage + piece_offset<D>(step * 16 + row_in_16, n * 2 + piece_of_2));
#pragma unroll
        for (int m = 0; m < RowTiles; m++) {
          multiply_add<T>(result[m][2 * n], a[m], b[0], b[1]);
          multiply_add<T>(result[m][2 * n + 1], a[m], b[2], b[3]);
        }
      }
    }
  }

#pragma unroll
  for (int m = 0; m < RowTiles; m++) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float total = sum[m][half];
      total += __shfl_xor_sync(0xffffffffu, total, 1);
      total += __shfl_xor_sync(0xffffffffu, total, 2);
      const float factor = 1.0f / total;
      const int query = first_query + warp_row + m * 16 + half * 8 + lane / 4;
      if (query < queries) {
        T* row = out + query * row_stride + head_start + lane % 4 * 2;
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
          *reinterpret_cast<unsigned*>(row + n * 8) =
              pack_pair<T>(result[m][n][2 * half] * factor, result[m][n][2 * half + 1] * factor);
        }
      }
    }
  }
}

}  // namespace

// Defines a kernel. Unused segments are null and begin at `total`.
#define ATTENTION(D, ROW_TILES, KEYS, BLOCKS_PER_SM, T, TN)                                     \
  extern "C" __global__ void __launch_bounds__(kWarps * 32, BLOCKS_PER_SM) attention_##D##_##TN( \
      const T* q, const T* k0, const T* k1, const T* k2, const T* k3, const T* v0, const T* v1, \
      const T* v2, const T* v3, int first1, int first2, int first3, int total, T* out,          \
      int queries, int heads, float scale) {                                                    \
    const KeyValuesOf<T> kv = {                                                                 \
        {k0, k1, k2, k3}, {v0, v1, v2, v3}, {0, first1, first2, first3}, total};                \
    attend<D, ROW_TILES, KEYS>(q, kv, out, queries, heads, scale);                              \
  }

ATTENTION(64, 2, 64, 2, bf16, bf16)   // tile 128
ATTENTION(128, 2, 64, 2, bf16, bf16)  // tile 128
ATTENTION(384, 1, 32, 1, fp16, f16)   // tile 64
