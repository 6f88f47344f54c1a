// What Hopper's attention kernels (sm_90a), for heads 128 wide, share: how work is cut, and how
// results are stored and combined.
//
// An item is 128 queries of one head. A thread block has a group of four warps that copies keys and
// values, and two that compute 64 of an item's queries each. Items from `whole` on are cut along
// the keys in `parts`, each a thread block of its own, whose sums go to `partial`:
// fp32 [(items - whole) * parts, 130, 128], of which the last two rows are the softmax's references
// and sums. combine_item_parts makes results of them. So the last items need not leave most of the
// GPU idle.
#pragma once

#include "attention.cuh"
#include "shared_memory.cuh"
#include "warp_roles.cuh"

constexpr int kWidth = 128;
constexpr int kQueries = 128;  // of an item
constexpr int kGroupQueries = 64;
constexpr int kGroupThreads = 128;
constexpr int kConsumers = 2;  // groups of warps that compute
constexpr int kThreads = (kConsumers + 1) * kGroupThreads;
constexpr int kPartialRows = kQueries + 2;

// Names of the barriers among warps; 0 is __syncthreads().
enum { kOwnGroup = 1, kTurn = 1 + kConsumers };

// What one thread block computes.
struct Work {
  int head;
  int first_query;
  int skip;   // keys in front of the first in its tile
  int end;    // the key behind the last, counted from that tile on
  int tile;   // the first
  int tiles;  // the one behind the last
  int part;   // the block's number among those that write partial sums, or -1

  // Whether all keys of a tile exist.
  __device__ inline bool is_whole(int tile, int tile_keys) const {
    return tile * tile_keys >= skip && (tile + 1) * tile_keys <= end;
  }
};

__device__ inline Work work_of(int queries, int skip, int count, int whole, int parts,
                               int tile_keys) {
  Work work;
  const int blocks = (queries + kQueries - 1) / kQueries;
  const int index = blockIdx.x;
  work.part = index < whole ? -1 : index - whole;
  const int item = index < whole ? index : whole + work.part / parts;
  work.head = item / blocks;
  work.first_query = item % blocks * kQueries;
  work.skip = skip;
  work.end = skip + count;
  const int tiles = (work.end + tile_keys - 1) / tile_keys;
  work.tile = index < whole ? 0 : tiles * (work.part % parts) / parts;
  work.tiles = index < whole ? tiles : tiles * (work.part % parts + 1) / parts;
  return work;
}

// Stages are used in turn; `parity` is that of the phase in which one is filled.
template <int Stages>
struct Turn {
  int stage = 0;
  unsigned parity = 0;

  __device__ inline void advance() {
    stage++;
    if (stage == Stages) {
      stage = 0;
      parity ^= 1;
    }
  }
};

// Excludes the keys outside [from, to) of a tile.
template <int Scores>
__device__ inline void mask(float (&score)[Scores], int from, int to) {
#pragma unroll
  for (int i = 0; i < Scores; i++) {
    const int key = i / 4 * 8 + threadIdx.x % 4 * 2 + i % 2;
    score[i] = key >= from && key < to ? score[i] : -INFINITY;
  }
}

// Returns the row among the item's that a half of this lane's results belongs to.
__device__ inline int item_row(int half) {
  return threadIdx.x / 32 * 16 + half * 8 + threadIdx.x % 32 / 4;
}

// Stores results divided by their sums.
__device__ inline void store_rows(bf16* out, const Work& work, int queries, int heads,
                                  const float (&result)[kWidth / 2], const float (&sum)[2]) {
#pragma unroll
  for (int half = 0; half < 2; half++) {
    const int query = work.first_query + item_row(half);
    if (query < queries) {
      bf16* target =
          out + (static_cast<long long>(query) * heads + work.head) * kWidth + threadIdx.x % 4 * 2;
      const float factor = 1.0f / sum[half];
#pragma unroll
      for (int n = 0; n < kWidth / 8; n++) {
        *reinterpret_cast<unsigned*>(target + n * 8) =
            pack_bf16(result[n * 4 + half * 2] * factor, result[n * 4 + half * 2 + 1] * factor);
      }
    }
  }
}

// Stores what a part has summed up, relative to its references.
__device__ inline void store_part(float* partial, const Work& work,
                                  const float (&result)[kWidth / 2], const float (&reference)[2],
                                  const float (&sum)[2]) {
  float* own = partial + static_cast<long long>(work.part) * kPartialRows * kWidth;
#pragma unroll
  for (int half = 0; half < 2; half++) {
    float* target = own + item_row(half) * kWidth + threadIdx.x % 4 * 2;
#pragma unroll
    for (int n = 0; n < kWidth / 8; n++) {
      *reinterpret_cast<float2*>(target + n * 8) =
          make_float2(result[n * 4 + half * 2], result[n * 4 + half * 2 + 1]);
    }
    if (threadIdx.x % 4 == 0) {
      own[kQueries * kWidth + item_row(half)] = reference[half];
      own[(kQueries + 1) * kWidth + item_row(half)] = sum[half];
    }
  }
}

// Combines the parts of the items from `whole` on: a warp for each query, any number of warps a
// block, (items - whole) * 128 in all.
__device__ inline void combine_item_parts(const float* partial, bf16* out, int queries, int heads,
                                          int whole, int parts) {
  const int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
  const int lane = threadIdx.x % 32;
  const int blocks = (queries + kQueries - 1) / kQueries;
  const int item = whole + row / kQueries;
  const int query = item % blocks * kQueries + row % kQueries;
  if (query >= queries) {
    return;
  }
  constexpr long long kPartial = kPartialRows * kWidth;
  const float* sums = partial + row / kQueries * parts * kPartial;
  const float* references = sums + kQueries * kWidth + row % kQueries;
  float largest = -INFINITY;
  for (int part = 0; part < parts; part++) {
    largest = fmaxf(largest, references[part * kPartial]);
  }
  float total = 0.0f;
  float result[4] = {};
  for (int part = 0; part < parts; part++) {
    const float* state = references + part * kPartial;
    const float factor = power_of_two(state[0] - largest);
    total = fmaf(state[kWidth], factor, total);
    const float4 v =
        reinterpret_cast<const float4*>(sums + part * kPartial + row % kQueries * kWidth)[lane];
    result[0] = fmaf(v.x, factor, result[0]);
    result[1] = fmaf(v.y, factor, result[1]);
    result[2] = fmaf(v.z, factor, result[2]);
    result[3] = fmaf(v.w, factor, result[3]);
  }
  const float scale = 1.0f / total;
  bf16* target = out + (static_cast<long long>(query) * heads + item / blocks) * kWidth + lane * 4;
  *reinterpret_cast<uint2*>(target) = make_uint2(pack_bf16(result[0] * scale, result[1] * scale),
                                                 pack_bf16(result[2] * scale, result[3] * scale));
}
