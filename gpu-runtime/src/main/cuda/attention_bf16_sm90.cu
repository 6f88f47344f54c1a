// Attention on Hopper's tensor cores, for bf16 heads 128 wide.
//
//   out[i, n, :] = sum_j softmax_j(scale * q[i, n, :] . k[j, n, :]) * v[j, n, :]
//
// q, out: [queries, heads, 128] row-major and 16-byte aligned; out may be q. keys, values: maps of
// [count, heads, 128], as three dimensions: 64 channels, tokens, and halves of heads; boxes are 64
// by the tile's keys by 2, their rows swizzled in 128 bytes, and what is outside is 0. scale > 0.
// Probabilities are rounded to bf16; scores, sums and results are fp32. The order of all sums is
// fixed by the shapes and the launch.
//
// A thread block computes an item, or a part of one (attention_items.cuh): one warp copies keys and
// values, two groups of four warps each compute 64 queries. While the tensor cores work for one
// group, the other computes its softmax; and within a group they multiply a tile's probabilities by
// its values during the softmax of the next.
//
// attention_bf16_128_by_176, attention_bf16_128_by_128: tiles of 176 or 128 keys, for long and for
// short runs. Grid (whole + (items - whole) * parts) where items = ceil(queries / 128) * heads, 384
// threads, 214016 or 230400 bytes of dynamic shared memory. parts is at most the number of tiles.
// partial: null if items = whole.
// combine_bf16_128: grid ((items - whole) * 16), 256 threads.
// Java side: HopperBf16AttentionKernel. Specification: CpuOps#attention.

#include "include/attention_items.cuh"
#include "include/tensor_copy.cuh"
#include "include/warpgroup_bf16.cuh"

namespace {

// Tiles: of kKeys, a multiple of 16, and kStages of keys and of values that are there or on the
// way.
struct LongTiles {
  static constexpr int kKeys = 176;
  static constexpr int kStages = 2;
};
struct ShortTiles {
  static constexpr int kKeys = 128;
  static constexpr int kStages = 3;
};

// A tile lies in two halves of 64 channels, whose rows have 128 bytes.
constexpr unsigned kQueryHalfBytes = kGroupQueries * 128;

// Tiles of keys or of values in shared memory, all by their addresses there.
template <class C>
struct Ring {
  static constexpr unsigned kHalfBytes = C::kKeys * 128;
  static constexpr unsigned kTileBytes = 2 * kHalfBytes;
  unsigned tiles;
  unsigned barriers;  // two a stage

  __device__ inline unsigned tile(int stage) const { return tiles + stage * kTileBytes; }
  __device__ inline unsigned full(int stage) const { return barriers + stage * 16; }
  __device__ inline unsigned free(int stage) const { return barriers + stage * 16 + 8; }

  // For one thread.
  __device__ inline void create() const {
    for (int stage = 0; stage < C::kStages; stage++) {
      create_barrier(full(stage), 1);
      create_barrier(free(stage), kConsumers * kGroupThreads / 32);
    }
  }

  // Starts copying a tile as soon as there is room; for one thread.
  __device__ inline void fill(const Turn<C::kStages>& turn, const TensorMap& map, const Work& work,
                              int at) const {
    wait_phase(free(turn.stage), turn.parity ^ 1);
    arrive_and_expect(full(turn.stage), kTileBytes);
    copy_box_async(tile(turn.stage), map, 0, at * C::kKeys, work.head * 2, full(turn.stage));
  }
};

// Copies 64 queries to shared memory, swizzled; those that do not exist become 0. For one group of
// warps.
__device__ inline void copy_queries(unsigned target, const bf16* q, int first_query, int queries,
                                    int heads, int head) {
  constexpr int kPieces = kWidth / 8;
#pragma unroll
  for (int at = threadIdx.x % kGroupThreads; at < kGroupQueries * kPieces; at += kGroupThreads) {
    const int row = at / kPieces;
    const int piece = at % kPieces;
    uint4 bits = make_uint4(0, 0, 0, 0);
    if (first_query + row < queries) {
      bits = *reinterpret_cast<const uint4*>(
          q + (static_cast<long long>(first_query + row) * heads + head) * kWidth + piece * 8);
    }
    store_shared(target + piece / 8 * kQueryHalfBytes + row * 128 + (piece % 8 ^ row % 8) * 16,
                 bits);
  }
}

// score = queries * keys^T
template <int Scores>
__device__ inline void multiply_keys(float (&score)[Scores], unsigned queries, unsigned keys) {
#pragma unroll
  for (int step = 0; step < kWidth / 16; step++) {
    const unsigned in_half = step % 4 * 32;
    const unsigned long long a =
        describe_tile_128(queries + step / 4 * kQueryHalfBytes + in_half, 0);
    const unsigned long long b =
        describe_tile_128(keys + step / 4 * (Scores * 2 * 128) + in_half, 0);
    if (step == 0) {
      multiply_bf16_async<0>(score, a, b);
    } else {
      multiply_bf16_async<1>(score, a, b);
    }
  }
}

// result += probabilities * values
template <int Steps>
__device__ inline void multiply_values(float (&result)[kWidth / 2],
                                       const unsigned (&probability)[Steps][4], unsigned values) {
#pragma unroll
  for (int step = 0; step < Steps; step++) {
    multiply_add_transposed_async(result, probability[step],
                                  describe_tile_128(values + step * 16 * 128, Steps * 16 * 128));
  }
}

// The softmax of this lane's two rows so far.
struct Softmax {
  float reference[2] = {-INFINITY, -INFINITY};  // what exponents are relative to
  float sum[2] = {0.0f, 0.0f};                  // this lane's share
  float factor[2] = {1.0f, 1.0f};               // what earlier results must be multiplied by
  bool grown = false;                           // whether a row's factor may not be 1

  // Brings the references up to date with new scores, and replaces these by their exponentials.
  template <int Scores>
  __device__ inline void apply(float (&score)[Scores], float scale_log2) {
    float largest[4] = {score[0], score[2], score[4], score[6]};
#pragma unroll
    for (int i = 0; i < Scores; i++) {
      float& own = largest[i / 2 % 4];
      own = fmaxf(own, score[i]);
    }
    bool exceeded = false;
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float& own = largest[half];
      own = fmaxf(own, largest[half + 2]);
      own = fmaxf(own, __shfl_xor_sync(0xffffffffu, own, 1));
      own = fmaxf(own, __shfl_xor_sync(0xffffffffu, own, 2));
      own *= scale_log2;
      exceeded = exceeded || own > reference[half] + kSlack;
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
    float own[4] = {0.0f, 0.0f, 0.0f, 0.0f};
#pragma unroll
    for (int i = 0; i < Scores; i++) {
      score[i] = power_of_two(fmaf(score[i], scale_log2, -reference[i / 2 % 2]));
      own[i / 2 % 4] += score[i];
    }
    sum[0] += own[0] + own[2];
    sum[1] += own[1] + own[3];
  }
};

// Rounds exponentials to tiles of 64x16, which the tensor cores take from registers.
template <int Steps>
__device__ inline void round_to(unsigned (&probability)[Steps][4], const float (&p)[8 * Steps]) {
#pragma unroll
  for (int i = 0; i < Steps * 4; i++) {
    probability[i / 4][i % 4] = pack_bf16(p[2 * i], p[2 * i + 1]);
  }
}

// One group of warps' 64 queries.
template <class C>
struct Rows {
  const unsigned queries;
  const Ring<C>& keys;
  const Ring<C>& values;
  const Work& work;
  const int group = threadIdx.x / kGroupThreads;
  const float scale_log2;
  Turn<C::kStages> turn;  // of the tile whose scores are next
  float score[C::kKeys / 2];
  unsigned probability[C::kKeys / 16][4];
  float result[kWidth / 2];
  Softmax softmax;

  __device__ inline Rows(unsigned queries, const Ring<C>& keys, const Ring<C>& values,
                         const Work& work, float scale_log2)
      : queries(queries), keys(keys), values(values), work(work), scale_log2(scale_log2) {
#pragma unroll
    for (int i = 0; i < kWidth / 2; i++) result[i] = 0.0f;
  }

  __device__ inline void free(unsigned barrier) const {
    if (threadIdx.x % 32 == 0) {
      arrive(barrier);
    }
  }

  __device__ inline void begin_scores() {
    multiply_keys(score, queries, keys.tile(turn.stage));
    commit_products();
  }

  __device__ inline void begin_values(const Turn<C::kStages>& at) {
    multiply_values(result, probability, values.tile(at.stage));
    commit_products();
  }

  __device__ inline void end_values(const Turn<C::kStages>& at) {
    wait_products<0>();
    settle(result);
    free(values.free(at.stage));
  }

  // Makes exponentials of scores.
  __device__ inline void apply_softmax(int tile) {
    settle(score);
    free(keys.free(turn.stage));
    if (!work.is_whole(tile, C::kKeys)) {
      mask(score, 0, work.end - tile * C::kKeys);
    }
    softmax.apply(score, scale_log2);
  }

  __device__ inline void take_turn() const { meet(kTurn + group, kConsumers * kGroupThreads); }

  __device__ inline void pass_turn() const {
    announce(kTurn + (group + 1) % kConsumers, kConsumers * kGroupThreads);
  }

  __device__ inline void compute() {
    if (group == kConsumers - 1 && work.tile + 1 < work.tiles) {
      pass_turn();  // the first group begins
    }
    wait_phase(keys.full(turn.stage), turn.parity);
    begin_products();
    begin_scores();
    wait_products<0>();
    apply_softmax(work.tile);
    round_to(probability, score);
#pragma unroll 1
    for (int tile = work.tile + 1; tile < work.tiles; tile++) {
      const Turn<C::kStages> before = turn;
      turn.advance();
      wait_phase(values.full(before.stage), before.parity);
      wait_phase(keys.full(turn.stage), turn.parity);
      take_turn();
      begin_products();
      begin_scores();
      begin_values(before);
      if (group != kConsumers - 1 || tile + 1 < work.tiles) {
        pass_turn();
      }
      wait_products<1>();
      apply_softmax(tile);
      end_values(before);
      if (softmax.grown) {
#pragma unroll
        for (int i = 0; i < kWidth / 2; i++) result[i] *= softmax.factor[i / 2 % 2];
      }
      round_to(probability, score);
    }
    wait_phase(values.full(turn.stage), turn.parity);
    begin_products();
    begin_values(turn);
    end_values(turn);
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float& sum = softmax.sum[half];
      sum += __shfl_xor_sync(0xffffffffu, sum, 1);
      sum += __shfl_xor_sync(0xffffffffu, sum, 2);
    }
  }
};

template <class C>
__device__ inline void attend(const TensorMap& keys, const TensorMap& values, const bf16* q,
                              bf16* out, float* partial, int queries, int heads, int count,
                              float scale, int whole, int parts) {
  extern __shared__ __align__(1024) unsigned char memory[];
  __shared__ __align__(8) unsigned long long barriers[C::kStages * 4];
  const unsigned query_tiles = (shared_address(memory) + 1023) & ~1023u;
  const unsigned key_tiles = query_tiles + kQueries * kWidth * 2;
  const Ring<C> key_ring = {key_tiles, shared_address(barriers)};
  const Ring<C> value_ring = {key_tiles + C::kStages * Ring<C>::kTileBytes,
                              shared_address(barriers + C::kStages * 2)};
  const Work work = work_of(queries, 0, count, whole, parts, C::kKeys);
  if (threadIdx.x == 0) {
    key_ring.create();
    value_ring.create();
    publish_barriers();
  }
  __syncthreads();

  const int group = threadIdx.x / kGroupThreads;
  if (group == kConsumers) {
    give_registers<24>();
    if (threadIdx.x % kGroupThreads == 0) {
      Turn<C::kStages> turn;
#pragma unroll 1
      for (int tile = work.tile; tile < work.tiles; tile++) {
        key_ring.fill(turn, keys, work, tile);
        value_ring.fill(turn, values, work, tile);
        turn.advance();
      }
    }
  } else {
    take_registers<240>();
    const unsigned own_queries = query_tiles + group * 2 * kQueryHalfBytes;
    copy_queries(own_queries, q, work.first_query + group * kGroupQueries, queries, heads,
                 work.head);
    publish_to_tensor_cores();
    meet(kOwnGroup + group, kGroupThreads);
    Rows<C> rows(own_queries, key_ring, value_ring, work, scale * 1.4426950408889634f);
    rows.compute();
    if (work.part < 0) {
      store_rows(out, work, queries, heads, rows.result, rows.softmax.sum);
    } else {
      store_part(partial, work, rows.result, rows.softmax.reference, rows.softmax.sum);
    }
  }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(kThreads, 1)
    attention_bf16_128_by_176(const __grid_constant__ TensorMap keys,
                              const __grid_constant__ TensorMap values, const bf16* q, bf16* out,
                              float* partial, int queries, int heads, int count, float scale,
                              int whole, int parts) {
  attend<LongTiles>(keys, values, q, out, partial, queries, heads, count, scale, whole, parts);
}

extern "C" __global__ void __launch_bounds__(kThreads, 1)
    attention_bf16_128_by_128(const __grid_constant__ TensorMap keys,
                              const __grid_constant__ TensorMap values, const bf16* q, bf16* out,
                              float* partial, int queries, int heads, int count, float scale,
                              int whole, int parts) {
  attend<ShortTiles>(keys, values, q, out, partial, queries, heads, count, scale, whole, parts);
}

extern "C" __global__ void combine_bf16_128(const float* __restrict__ partial,
                                            bf16* __restrict__ out, int queries, int heads,
                                            int whole, int parts) {
  combine_item_parts(partial, out, queries, heads, whole, parts);
}
