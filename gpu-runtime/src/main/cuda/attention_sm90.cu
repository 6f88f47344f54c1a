// Attention on Hopper's tensor cores, without a bias, for bf16 heads 128 wide.
//
//   out[i, n, :] = sum_j softmax_j(scale * q[i, n, :] . k[j, n, :]) * v[j, n, :]
//
// q, out: [queries, heads, 128]; keys and values: up to four segments [count, heads, 128] that are
// read as one sequence; all row-major and 16-byte aligned. out may be q. The softmax is computed 64
// keys at a time, online; scores, sums and results are fp32, probabilities are rounded to bf16. The
// order of all sums is fixed, so results are the same in every run.
// A thread block computes 192 queries of one head, each of its three warp groups 64. While the
// tensor cores multiply one block's probabilities by its values, the softmax of the next is
// computed. Launch: grid (ceil(queries / 192), heads), 384 threads, 148480 bytes of dynamic shared
// memory. Java side: HopperAttentionKernel. Specification: CpuOps#attention.

#include "include/attention.cuh"
#include "include/warpgroup.cuh"

namespace {

constexpr int kWidth = 128;
constexpr int kQueries = 192;  // of a thread block
constexpr int kKeys = 64;      // of a block of keys
constexpr int kThreads = 384;
constexpr int kStages = 3;  // of keys and values
constexpr int kPieces = kWidth / 8;
constexpr unsigned kQueryPartBytes = kQueries * 128;
constexpr unsigned kKeyPartBytes = kKeys * 128;
constexpr unsigned kKeyBytes = 2 * kKeyPartBytes;
constexpr int kScores = kKeys / 2;  // of a lane

// A tile lies in two parts of 64 columns, whose rows have 128 bytes.
__device__ inline unsigned piece_offset(int row, int piece, unsigned part_bytes) {
  return piece / 8 * part_bytes + row * 128 + (((piece % 8) ^ (row & 7)) << 4);
}

// Starts copying rows [first, first + 64) of keys and values. The rows behind the last become 0.
__device__ inline void load_keys(const KeyValues& kv, int first, long long row_stride,
                                 long long head_start, unsigned keys, unsigned values) {
  Segment segment = segment_of(kv, first, row_stride);
  const bool whole = first + kKeys <= segment.end;
#pragma unroll
  for (int i = 0; i < (kKeys * kPieces + kThreads - 1) / kThreads; i++) {
    const int at = threadIdx.x + i * kThreads;
    const int row = at / kPieces;
    const int piece = at % kPieces;
    const int key = first + row;
    if (at >= kKeys * kPieces) {
      break;
    }
    if (!whole) {
      segment = segment_of(kv, key, row_stride);
    }
    const bool valid = key < kv.total;
    const long long offset = key * row_stride + head_start + piece * 8;
    const unsigned target = piece_offset(row, piece, kKeyPartBytes);
    copy_async(keys + target, valid ? segment.keys + offset : kv.keys[0], valid);
    copy_async(values + target, valid ? segment.values + offset : kv.values[0], valid);
  }
}

// score = queries * keys^T, for the 64 queries at `query_tile`.
__device__ inline void multiply_keys(float (&score)[kScores], unsigned query_tile,
                                     unsigned key_tile) {
#pragma unroll
  for (int step = 0; step < kWidth / 16; step++) {
    const unsigned in_part = step % 4 * 32;
    const unsigned long long a =
        describe_tile_128(query_tile + step / 4 * kQueryPartBytes + in_part, 0);
    const unsigned long long b =
        describe_tile_128(key_tile + step / 4 * kKeyPartBytes + in_part, 0);
    if (step == 0) {
      multiply_async(score, a, b);
    } else {
      multiply_add_async(score, a, b);
    }
  }
}

// result += probabilities * values
__device__ inline void multiply_values(float (&result)[64],
                                       const unsigned (&probability)[kKeys / 16][4],
                                       unsigned value_tile) {
#pragma unroll
  for (int step = 0; step < kKeys / 16; step++) {
    multiply_add_transposed_async(result, probability[step],
                                  describe_tile_128(value_tile + step * 16 * 128, kKeyPartBytes));
  }
}

// The softmax of this lane's two rows so far.
struct Softmax {
  float reference[2] = {-INFINITY, -INFINITY};  // what exponents are relative to
  float sum[2] = {0.0f, 0.0f};                  // this lane's share
  float factor[2] = {1.0f, 1.0f};               // what earlier results must be multiplied by
  bool grown = false;                           // whether a row's factor is not 1

  __device__ void update(float (&score)[kScores], float scale_log2) {
    float largest[2] = {-INFINITY, -INFINITY};
#pragma unroll
    for (int i = 0; i < kScores; i++) {
      largest[i / 2 % 2] = fmaxf(largest[i / 2 % 2], score[i]);
    }
    bool exceeded = false;
#pragma unroll
    for (int half = 0; half < 2; half++) {
      largest[half] = fmaxf(largest[half], __shfl_xor_sync(0xffffffffu, largest[half], 1));
      largest[half] = fmaxf(largest[half], __shfl_xor_sync(0xffffffffu, largest[half], 2));
      largest[half] *= scale_log2;
      exceeded = exceeded || largest[half] > reference[half] + kSlack;
    }
    grown = __any_sync(0xffffffffu, exceeded);
    if (grown) {
#pragma unroll
      for (int half = 0; half < 2; half++) {
        const float next = fmaxf(reference[half], largest[half]);
        factor[half] = power_of_two(reference[half] - next);
        reference[half] = next;
        sum[half] *= factor[half];
      }
    }
#pragma unroll
    for (int i = 0; i < kScores; i++) {
      score[i] = power_of_two(fmaf(score[i], scale_log2, -reference[i / 2 % 2]));
      sum[i / 2 % 2] += score[i];
    }
  }
};

__device__ inline void mask(float (&score)[kScores], int first_key, int total) {
#pragma unroll
  for (int i = 0; i < kScores; i++) {
    const int key = first_key + i / 4 * 8 + threadIdx.x % 4 * 2 + i % 2;
    score[i] = key < total ? score[i] : -INFINITY;
  }
}

__device__ inline void round_to(unsigned (&probability)[kKeys / 16][4],
                                const float (&score)[kScores]) {
#pragma unroll
  for (int i = 0; i < kScores / 2; i++) {
    probability[i / 4][i % 4] = pack_bf16(score[2 * i], score[2 * i + 1]);
  }
}

}  // namespace

// Unused segments are null and begin at `total`.
extern "C" __global__ void __launch_bounds__(kThreads, 1)
    attention_128(const bf16* q, const bf16* k0, const bf16* k1, const bf16* k2, const bf16* k3,
                  const bf16* v0, const bf16* v1, const bf16* v2, const bf16* v3, int first1,
                  int first2, int first3, int total, bf16* out, int queries, int heads,
                  float scale) {
  const KeyValues kv = {{k0, k1, k2, k3}, {v0, v1, v2, v3}, {0, first1, first2, first3}, total};
  extern __shared__ __align__(1024) unsigned char shared[];
  const unsigned query_tile = (shared_address(shared) + 1023) & ~1023u;
  const unsigned key_tiles = query_tile + 2 * kQueryPartBytes;
  const unsigned value_tiles = key_tiles + kStages * kKeyBytes;
  const unsigned own_queries = query_tile + threadIdx.x / 128 * 64 * 128;
  const int first_query = blockIdx.x * kQueries;
  const long long row_stride = static_cast<long long>(heads) * kWidth;
  const long long head_start = static_cast<long long>(blockIdx.y) * kWidth;
  const float scale_log2 = scale * 1.4426950408889634f;
  const int blocks = (total + kKeys - 1) / kKeys;

  for (int at = threadIdx.x; at < kQueries * kPieces; at += kThreads) {
    const int row = at / kPieces;
    const int piece = at % kPieces;
    const bool valid = first_query + row < queries;
    const long long offset = (first_query + row) * row_stride + head_start + piece * 8;
    copy_async(query_tile + piece_offset(row, piece, kQueryPartBytes), valid ? q + offset : q,
               valid);
  }
  load_keys(kv, 0, row_stride, head_start, key_tiles, value_tiles);
  commit_copies();
  if (blocks > 1) {
    load_keys(kv, kKeys, row_stride, head_start, key_tiles + kKeyBytes, value_tiles + kKeyBytes);
  }
  commit_copies();

  float score[kScores];
  float result[kWidth / 2];
  unsigned probability[kKeys / 16][4];
#pragma unroll
  for (int i = 0; i < kWidth / 2; i++) result[i] = 0.0f;
  Softmax softmax;

  wait_copies<1>();
  publish_to_tensor_cores();
  __syncthreads();
  begin_products();
  multiply_keys(score, own_queries, key_tiles);
  commit_products();
  wait_products<0>();
  settle(score);
  if (kKeys > total) {
    mask(score, 0, total);
  }
  softmax.update(score, scale_log2);
  round_to(probability, score);

  unsigned stage = kKeyBytes;  // of this block
  unsigned before = 0;         // of the block before
#pragma unroll 1
  for (int block = 1; block < blocks; block++) {
    wait_copies<0>();
    publish_to_tensor_cores();
    __syncthreads();  // this block is there, and what was used two blocks ago is free
    const unsigned next = stage + kKeyBytes == kStages * kKeyBytes ? 0 : stage + kKeyBytes;
    if (block + 1 < blocks) {
      load_keys(kv, (block + 1) * kKeys, row_stride, head_start, key_tiles + next,
                value_tiles + next);
    }
    commit_copies();

    begin_products();
    multiply_keys(score, own_queries, key_tiles + stage);
    commit_products();
    multiply_values(result, probability, value_tiles + before);
    commit_products();
    wait_products<1>();
    settle(score);
    if ((block + 1) * kKeys > total) {
      mask(score, block * kKeys, total);
    }
    softmax.update(score, scale_log2);
    wait_products<0>();
    settle(result);
    if (softmax.grown) {
#pragma unroll
      for (int i = 0; i < kWidth / 2; i++) result[i] *= softmax.factor[i / 2 % 2];
    }
    round_to(probability, score);
    before = stage;
    stage = next;
  }

  begin_products();
  multiply_values(result, probability, value_tiles + before);
  commit_products();
  wait_products<0>();
  settle(result);

  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    float sum = softmax.sum[half];
    sum += __shfl_xor_sync(0xffffffffu, sum, 1);
    sum += __shfl_xor_sync(0xffffffffu, sum, 2);
    const int query = first_query + threadIdx.x / 32 * 16 + half * 8 + lane / 4;
    if (query < queries) {
      bf16* row = out + query * row_stride + head_start + lane % 4 * 2;
#pragma unroll
      for (int n = 0; n < kWidth / 8; n++) {
        *reinterpret_cast<unsigned*>(row + n * 8) =
            pack_bf16(result[n * 4 + half * 2] / sum, result[n * 4 + half * 2 + 1] / sum);
      }
    }
  }
}
