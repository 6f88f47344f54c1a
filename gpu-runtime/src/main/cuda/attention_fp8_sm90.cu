// Attention on Hopper's FP8 tensor cores, for heads 128 wide, to packed keys and values.
//
//   out[i, n, :] = sum_j softmax_j(scale * q[i, n, :] . k[j, n, :]) * v[j, n, :]
//
// q, out: bf16 [queries, heads, 128] row-major and 16-byte aligned; out may be q. keys, values:
// e4m3 [groups, heads, 2048] of 16 tokens each, as KvCache describes them, 16-byte aligned; read
// are the tokens from `first` on, `count` of them. scale > 0. Queries are rounded to e4m3 as they
// are, and so are probabilities, of which the rounded ones are summed up. Scores and results are
// fp32: the tensor cores add up one tile of keys at a time, because they keep but 14 bits of a sum;
// the tiles are added exactly. The order of all sums is fixed by the shapes and the launch.
//
// A thread block computes 128 queries of one head, an item: two warps copy keys and values, two
// groups of four warps each compute 64 queries. While the tensor cores work for one group, the
// other computes its softmax; and within a group they multiply a tile's probabilities by its values
// during the softmax of the next. Items from `whole` on are cut along the keys in `parts`, each a
// thread block of its own, whose sums go to `partial`; combine_fp8_128 makes results of them. So
// the last items need not leave most of the GPU idle.
//
// attention_fp8_128: grid (whole + (items - whole) * parts) where items = ceil(queries / 128) *
// heads, 384 threads, 147456 bytes of dynamic shared memory. parts is at most ceil((first % 16 +
// count) / 128). partial: fp32 [(items - whole) * parts, 130, 128], or null if items = whole.
// combine_fp8_128: grid ((items - whole) * 16), 256 threads.
// Java side: HopperFp8AttentionKernel. Specification: CpuOps#attention, of the rounded numbers.

#include "include/attention_items.cuh"
#include "include/softmax_fp8.cuh"
#include "include/warpgroup_fp8.cuh"

namespace {

constexpr int kTokens = 16;                       // of a group of tokens
constexpr unsigned kTokensBytes = kTokens * 128;  // of one head

// How the work is cut; the kernel's template argument, so that ways can be compared.
struct Cut {
  static constexpr int kKeys = 128;  // of a tile, a multiple of 32
  static constexpr int kStages = 4;  // tiles of keys and of values that are there or on the way
  static constexpr int kPolynomials = 0;    // of 8 exponentials, computed on the units for products
  static constexpr bool kAddTiles = true;   // outside the tensor cores
  static constexpr bool kTakeTurns = true;  // the groups, with the tensor cores
  static constexpr bool kSumRounded = true;  // rather than exponentials as they are
  static constexpr bool kWaitLate = false;   // for values: only when all exponentials are there
};

// Tiles of keys or of values in shared memory, all by their addresses there.
template <class C>
struct Ring {
  static constexpr unsigned kTileBytes = C::kKeys * 128;
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

  // Copies the groups of tokens of every tile that exist; for one warp.
  __device__ inline void fill(const Work& work, const unsigned char* packed, int first,
                              int heads) const {
    constexpr int kGroups = C::kKeys / kTokens;
    const int lane = threadIdx.x % 32;
    const int groups = (work.end + kTokens - 1) / kTokens;
    const long long distance = static_cast<long long>(heads) * kTokensBytes;
    const unsigned char* source = packed + (first / kTokens + lane) * distance +
                                  static_cast<long long>(work.head) * kTokensBytes;
    Turn<C::kStages> turn;
#pragma unroll 1
    for (int at = work.tile; at < work.tiles; at++) {
      const int present = min(kGroups, groups - at * kGroups);
      wait_phase(free(turn.stage), turn.parity ^ 1);
      if (lane == 0) {
        arrive_and_expect(full(turn.stage), present * kTokensBytes);
      }
      __syncwarp();
      if (lane < present) {
        copy_run_async(tile(turn.stage) + lane * kTokensBytes, source + at * kGroups * distance,
                       kTokensBytes, full(turn.stage));
      }
      turn.advance();
    }
  }
};

// Rounds 64 queries into shared memory, as keys lie in groups of tokens; for one group of warps.
__device__ inline void round_queries(unsigned target, const bf16* q, int first_query, int queries,
                                     int heads, int head) {
  constexpr int kPieces = kWidth / 16;
#pragma unroll
  for (int at = threadIdx.x % kGroupThreads; at < kGroupQueries * kPieces; at += kGroupThreads) {
    const int row = at / kPieces;
    const int piece = at % kPieces;
    float v[16] = {};
    if (first_query + row < queries) {
      const bf16* source =
          q + (static_cast<long long>(first_query + row) * heads + head) * kWidth + piece * 16;
      float half[kPack];
      load_pack(source, half);
#pragma unroll
      for (int i = 0; i < kPack; i++) v[i] = half[i];
      load_pack(source + kPack, half);
#pragma unroll
      for (int i = 0; i < kPack; i++) v[kPack + i] = half[i];
    }
    store_shared(target + row / 8 * 1024 + piece * 128 + row % 8 * 16,
                 make_uint4(round_4(v, 1.0f), round_4(v + 4, 1.0f), round_4(v + 8, 1.0f),
                            round_4(v + 12, 1.0f)));
  }
}

// Replaces the values of a tile's tokens outside [from, to) by 0, because memory that was never
// written may hold NaNs; for one group of warps, each thread with a channel of its own.
template <class C>
__device__ inline void clear_values(unsigned tile, int from, int to) {
#pragma unroll 1
  for (int group = 0; group < C::kKeys / kTokens; group++) {
    const unsigned address = tile + group * kTokensBytes + threadIdx.x % kGroupThreads * 16;
    const uint4 bits = load_shared(address);
    unsigned word[4] = {bits.x, bits.y, bits.z, bits.w};
#pragma unroll
    for (int i = 0; i < 16; i++) {
      const int token = group * kTokens + i / 4 * 2 + i % 4 / 2 * 8 + i % 2;
      const unsigned byte = 0xffu << i % 4 * 8;
      word[i / 4] &= token >= from && token < to ? ~0u : ~byte;
    }
    store_shared(address, make_uint4(word[0], word[1], word[2], word[3]));
  }
}

// score = queries * keys^T
template <int Scores>
__device__ inline void multiply_keys(float (&score)[Scores], unsigned queries, unsigned keys) {
  // Matrices of 16 channels follow one another, those of 8 tokens are a token's 128 bytes times 8
  // apart.
#pragma unroll
  for (int step = 0; step < kWidth / 32; step++) {
    const unsigned long long a = describe_plain_tile(queries + step * 256, 128, 1024);
    const unsigned long long b = describe_plain_tile(keys + step * 256, 128, 1024);
    if (step == 0) {
      multiply_fp8_async<0>(score, a, b);
    } else {
      multiply_fp8_async<1>(score, a, b);
    }
  }
}

// result = probabilities * values, or result += it
template <bool Add, int Steps>
__device__ inline void multiply_values(float (&result)[kWidth / 2],
                                       const unsigned (&probability)[Steps][4], unsigned values) {
#pragma unroll
  for (int step = 0; step < Steps; step++) {
    const unsigned long long b =
        describe_plain_tile(values + step * 2 * kTokensBytes, kTokensBytes, 128);
    if (step == 0 && !Add) {
      multiply_fp8_async<0>(result, probability[step], b);
    } else {
      multiply_fp8_async<1>(result, probability[step], b);
    }
  }
}

// One group of warps' 64 queries.
template <class C>
struct Rows {
  static constexpr int kSteps = C::kKeys / 32;

  const unsigned queries;
  const Ring<C>& keys;
  const Ring<C>& values;
  const Work& work;
  const int group = threadIdx.x / kGroupThreads;
  const float scale_log2;
  Turn<C::kStages> turn;  // of the tile whose scores are next
  float score[C::kKeys / 2];
  unsigned probability[kSteps][4];
  float result[kWidth / 2];
  float product[C::kAddTiles ? kWidth / 2 : 1];  // of one tile
  SoftmaxFp8 softmax;

  __device__ inline Rows(unsigned queries, const Ring<C>& keys, const Ring<C>& values,
                         const Work& work, float scale_log2)
      : queries(queries), keys(keys), values(values), work(work), scale_log2(scale_log2) {
#pragma unroll
    for (int i = 0; i < kWidth / 2; i++) result[i] = 0.0f;
  }

  // The values of `tile` have come; makes them fit for products.
  __device__ inline void receive_values(int tile, const Turn<C::kStages>& at) const {
    wait_phase(values.full(at.stage), at.parity);
    if (!work.is_whole(tile, C::kKeys)) {
      clear_values<C>(values.tile(at.stage), work.skip - tile * C::kKeys,
                      work.end - tile * C::kKeys);
      publish_to_tensor_cores();
      meet(kOwnGroup + group, kGroupThreads);
    }
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
    if constexpr (C::kAddTiles) {
      multiply_values<false>(product, probability, values.tile(at.stage));
    } else {
      multiply_values<true>(result, probability, values.tile(at.stage));
    }
    commit_products();
  }

  // Waits for the products by values; `before` is the factor that goes with what was there.
  __device__ inline void end_values(const Turn<C::kStages>& at, const float (&before)[2]) {
    wait_products<0>();
    if constexpr (C::kAddTiles) {
      settle(product);
#pragma unroll
      for (int i = 0; i < kWidth / 2; i++) {
        result[i] = fmaf(result[i], before[i / 2 % 2], product[i]);
      }
    } else {
      settle(result);
    }
    free(values.free(at.stage));
  }

  // Makes exponentials of scores.
  __device__ inline void apply_softmax(int tile) {
    settle(score);
    free(keys.free(turn.stage));
    if (!work.is_whole(tile, C::kKeys)) {
      mask(score, work.skip - tile * C::kKeys, work.end - tile * C::kKeys);
    }
    softmax.grow(score, scale_log2);
    softmax.template exponentiate<C::kPolynomials>(score, scale_log2);
    if constexpr (C::kWaitLate) {
      settle(score);
    }
  }

  // Makes probabilities of exponentials. No products may be under way: they take the old ones.
  __device__ inline void round_exponentials() {
    round_to(probability, score);
    if constexpr (C::kSumRounded) {
      softmax.add(probability);
    } else {
      softmax.add(score);
    }
  }

  __device__ inline void take_turn() const {
    if constexpr (C::kTakeTurns) {
      meet(kTurn + group, kConsumers * kGroupThreads);
    }
  }

  __device__ inline void pass_turn() const {
    if constexpr (C::kTakeTurns) {
      announce(kTurn + (group + 1) % kConsumers, kConsumers * kGroupThreads);
    }
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
    round_exponentials();
#pragma unroll 1
    for (int tile = work.tile + 1; tile < work.tiles; tile++) {
      const Turn<C::kStages> before = turn;
      turn.advance();
      receive_values(tile - 1, before);
      wait_phase(keys.full(turn.stage), turn.parity);
      take_turn();
      begin_products();
      begin_scores();
      begin_values(before);
      if (group != kConsumers - 1 || tile + 1 < work.tiles) {
        pass_turn();
      }
      const float factor[2] = {softmax.factor[0], softmax.factor[1]};
      wait_products<1>();
      apply_softmax(tile);
      end_values(before, factor);
      if (!C::kAddTiles && softmax.grown) {
#pragma unroll
        for (int i = 0; i < kWidth / 2; i++) result[i] *= softmax.factor[i / 2 % 2];
      }
      round_exponentials();
    }
    receive_values(work.tiles - 1, turn);
    begin_products();
    begin_values(turn);
    end_values(turn, softmax.factor);
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float& sum = softmax.sum[half];
      sum += __shfl_xor_sync(0xffffffffu, sum, 1);
      sum += __shfl_xor_sync(0xffffffffu, sum, 2);
    }
  }
};

template <class C>
__device__ inline void attend(const bf16* q, const unsigned char* keys, const unsigned char* values,
                              bf16* out, float* partial, int queries, int heads, int first,
                              int count, float scale, int whole, int parts) {
  extern __shared__ __align__(1024) unsigned char memory[];
  __shared__ __align__(8) unsigned long long barriers[C::kStages * 4];
  const unsigned query_tiles = shared_address(memory);
  const unsigned key_tiles = query_tiles + kQueries * kWidth;
  const Ring<C> key_ring = {key_tiles, shared_address(barriers)};
  const Ring<C> value_ring = {key_tiles + C::kStages * Ring<C>::kTileBytes,
                              shared_address(barriers + C::kStages * 2)};
  const Work work = work_of(queries, first % kTokens, count, whole, parts, C::kKeys);
  if (threadIdx.x == 0) {
    key_ring.create();
    value_ring.create();
    publish_barriers();
  }
  __syncthreads();

  const int group = threadIdx.x / kGroupThreads;
  if (group == kConsumers) {
    give_registers<24>();
    const int warp = threadIdx.x % kGroupThreads / 32;
    if (warp == 0) {
      key_ring.fill(work, keys, first, heads);
    } else if (warp == 1) {
      value_ring.fill(work, values, first, heads);
    }
  } else {
    take_registers<240>();
    const unsigned own_queries = query_tiles + group * kGroupQueries * kWidth;
    round_queries(own_queries, q, work.first_query + group * kGroupQueries, queries, heads,
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
    attention_fp8_128(const bf16* q, const unsigned char* __restrict__ keys,
                      const unsigned char* __restrict__ values, bf16* out, float* partial,
                      int queries, int heads, int first, int count, float scale, int whole,
                      int parts) {
  attend<Cut>(q, keys, values, out, partial, queries, heads, first, count, scale, whole, parts);
}

extern "C" __global__ void combine_fp8_128(const float* __restrict__ partial,
                                           bf16* __restrict__ out, int queries, int heads,
                                           int whole, int parts) {
  combine_item_parts(partial, out, queries, heads, whole, parts);
}
