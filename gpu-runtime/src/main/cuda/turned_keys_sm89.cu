// Normalises keys, turns them, and packs them as kv_pack_sm89.cu does, so that they are read once
// and written once.
//
//   packed = e4m3(bf16(rope(x / sqrt(mean of x^2 + epsilon) * weight)))
//
// Without a weight (null), they are turned as they are. The rotation is as in layout.cu, sums as in
// fused_norms.cu: the bytes are those that its rms_norm_rope and pack_keys_bf16 leave, bit for bit.
// x: bf16 [count, heads, 128] row-major; weight: fp32 or bf16, as the name ends, [heads * 128];
// cos, sin: fp32 [count, 64]; packed: e4m3 [groups, heads, 2048]; all 16-byte aligned. Written are
// the bytes of tokens t in [first, first + count) alone. No tensor may overlap another. Launch: a
// thread block for every two tokens that lie in one sector of memory, the first of them first / 2 *
// 2; for each of them a multiple of 32 threads, and heads * 128 <= 32 times that; shared memory for
// 2 * (heads * 128 + 16) bytes. Java side: KvPackKernels. Needs sm_89. Specification: CpuOps.

#include "include/fp8.cuh"
#include "include/rows.cuh"

namespace {

constexpr int kWidth = 128;
constexpr int kTokens = 16;  // of a group
constexpr int kGroupBytes = kTokens * kWidth;
constexpr int kPad = 16;

// Returns the sum over the threads that have the same token.
__device__ inline float token_sum(float value, int token) {
  __shared__ float sums[32];
  const int lane = threadIdx.x % 32;
  const int warps = blockDim.x / 64;  // of a token
  value = warp_sum(value);
  if (lane == 0) {
    sums[threadIdx.x / 32] = value;
  }
  __syncthreads();
  return warp_sum(lane < warps ? sums[token * warps + lane] : 0.0f);
}

// Rounds eight values to bf16, then to FP8.
__device__ inline uint2 round_twice(float (&v)[8]) {
#pragma unroll
  for (int i = 0; i < 8; i++) v[i] = __bfloat162float(__float2bfloat16(v[i]));
  return make_uint2(round_4(v, 1.0f), round_4(v + 4, 1.0f));
}

template <typename P>
__device__ inline void store_turned(const bf16* x, const P* weight, const float* cos,
                                    const float* sin, unsigned char* packed, int first, int count,
                                    int heads, float epsilon) {
  extern __shared__ __align__(16) unsigned char rounded[];
  const int width = heads * kWidth;
  const int pair = (first / 2 + blockIdx.x) * 2;  // the first of the two tokens in the cache
  const int threads = blockDim.x / 2;             // of a token
  const int own_token = threadIdx.x / threads;
  const int row = pair + own_token - first;
  const bool exists = row >= 0 && row < count;
  // A thread of a token that does not exist has an empty row, and takes part in the waiting.
  PackedRow<bf16> kept(x + static_cast<long long>(exists ? row : 0) * width, exists ? width : 0,
                       threadIdx.x % threads, threads);
  if (weight != nullptr) {
    const float factor = rsqrtf(token_sum(squares_of(kept), own_token) / width + epsilon);
    kept.for_each([&](int at, float(&v)[8]) { scale_pack(v, factor, weight + at); });
  }
  unsigned char* own = rounded + own_token * (width + kPad);
  kept.for_each([&](int at, float(&v)[8]) {
    const long long angle = static_cast<long long>(row) * (kWidth / 2) + at % kWidth / 2;
    turn_pack(v, cos + angle, sin + angle);
    *reinterpret_cast<uint2*>(own + at) = round_twice(v);
  });
  __syncthreads();

  // Neighbouring threads store 16 channels of the two tokens, which lie together.
  const int token = threadIdx.x % 2;
  if (pair + token < first || pair + token >= first + count) {
    return;
  }
  const unsigned char* source = rounded + token * (width + kPad);
  const int r = pair % kTokens + token;
  unsigned char* group = packed + static_cast<long long>(pair / kTokens) * heads * kGroupBytes +
                         r / 8 * 1024 + r % 8 * 16;
  for (int unit = threadIdx.x / 2; unit < width / 16; unit += threads) {
    *reinterpret_cast<uint4*>(group + unit / 8 * kGroupBytes + unit % 8 * 128) =
        *reinterpret_cast<const uint4*>(source + unit * 16);
  }
}

}  // namespace

#define DEFINE_TURNED(P, PN)                                                                   \
  extern "C" __global__ void pack_turned_keys_##PN(                                            \
      const bf16* __restrict__ x, const P* __restrict__ weight, const float* __restrict__ cos, \
      const float* __restrict__ sin, unsigned char* __restrict__ packed, int first, int count, \
      int heads, float epsilon) {                                                              \
    store_turned(x, weight, cos, sin, packed, first, count, heads, epsilon);                   \
  }

DEFINE_TURNED(float, f32)
DEFINE_TURNED(bf16, bf16)
