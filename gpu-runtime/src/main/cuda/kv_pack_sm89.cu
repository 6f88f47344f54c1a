// Packs keys and values for attention on FP8 tensor cores, and unpacks them.
//
//   keys:   packed[((g * heads + n) * 2 + r / 8) * 1024 + c / 16 * 128 + r % 8 * 16 + c % 16]
//   values: packed[(g * heads + n) * 2048 + c * 16 + place(r)]
//
// is e4m3 of x[t - first, n, c], to nearest even and at most 448, where g = t / 16, r = t % 16, and
// place(r) = r < 8 ? 4 * (r / 2) + r % 2 : 4 * ((r - 8) / 2) + 2 + r % 2.
// x: bf16 [count, heads, 128] row-major; packed: e4m3 [groups, heads, 2048]; both 16-byte aligned.
// Written are the bytes of tokens t in [first, first + count) alone, so that other launches may
// write other tokens of the same group at the same time. Unpacking is exact. No tensor may overlap
// another. Launch: a thread for each of units * heads * N, where units is the number of groups that
// the run touches; N is 128 for keys and 64 for values.
// Java side: KvPackKernels. Needs sm_89.

#include "include/fp8.cuh"
#include "include/values.cuh"

namespace {

constexpr int kWidth = 128;
constexpr int kTokens = 16;  // of a group
constexpr int kGroupBytes = kTokens * kWidth;

// A thread's share of a run.
struct Share {
  long long packed;  // offset of the group's bytes of the head
  int head;
  int part;
  int token;  // the group's first token, counted from the run's first; may be negative
  bool exists;
};

// Returns this thread's share, one of `parts` of a head's part of a group.
__device__ inline Share share_of(unsigned parts, int first, int count, int heads) {
  const unsigned index = blockIdx.x * blockDim.x + threadIdx.x;
  const unsigned at = index / parts;
  const int group = first / kTokens + at / heads;
  Share share;
  share.head = at % heads;
  share.part = index % parts;
  share.packed = (static_cast<long long>(group) * heads + share.head) * kGroupBytes;
  share.token = group * kTokens - first;
  share.exists = share.token < count;
  return share;
}

// Returns two numbers that two bytes stand for, as bf16; exact.
__device__ inline unsigned widen_2(unsigned bytes) {
  const __half2_raw halves =
      __nv_cvt_fp8x2_to_halfraw2(static_cast<__nv_fp8x2_storage_t>(bytes), __NV_E4M3);
  const float2 v = __half22float2(halves);
  return pack_bf16(v.x, v.y);
}

// The token's number in its group, of byte i of a channel.
__device__ inline int token_at(int i) { return i / 4 * 2 + i % 4 / 2 * 8 + i % 2; }

__device__ inline uint4 round_16(const float* v) {
  return make_uint4(round_4(v, 1.0f), round_4(v + 4, 1.0f), round_4(v + 8, 1.0f),
                    round_4(v + 12, 1.0f));
}

// Stores this thread's two channels of values. Neighbours trade one each, so that what they store
// at once lies together and fills a sector of memory. Called by whole warps.
__device__ inline void store_channels(unsigned char* head, int part, uint4 low, uint4 high) {
  const bool odd = part % 2 != 0;
  uint4 traded = odd ? low : high;
  traded.x = __shfl_xor_sync(0xffffffffu, traded.x, 1);
  traded.y = __shfl_xor_sync(0xffffffffu, traded.y, 1);
  traded.z = __shfl_xor_sync(0xffffffffu, traded.z, 1);
  traded.w = __shfl_xor_sync(0xffffffffu, traded.w, 1);
  uint4* four = reinterpret_cast<uint4*>(head) + part / 2 * 4;
  four[odd] = odd ? traded : low;
  four[2 + odd] = odd ? high : traded;
}

// Keys: a thread has 16 channels of a token, 8 neighbours those of 8 tokens.
__device__ inline int key_token(int part) { return part / 64 * 8 + part % 8; }
__device__ inline int key_channel(int part) { return part % 64 / 8 * 16; }

}  // namespace

extern "C" __global__ void pack_keys_bf16(const bf16* __restrict__ x,
                                          unsigned char* __restrict__ packed, int first, int count,
                                          int heads) {
  const Share share = share_of(128, first, count, heads);
  const int token = share.token + key_token(share.part);
  if (!share.exists || token < 0 || token >= count) {
    return;
  }
  const bf16* source =
      x + (static_cast<long long>(token) * heads + share.head) * kWidth + key_channel(share.part);
  float low[kPack];
  float high[kPack];
  load_pack(source, low);
  load_pack(source + kPack, high);
  *reinterpret_cast<uint4*>(packed + share.packed + share.part * 16) = make_uint4(
      round_4(low, 1.0f), round_4(low + 4, 1.0f), round_4(high, 1.0f), round_4(high + 4, 1.0f));
}

extern "C" __global__ void unpack_keys_bf16(const unsigned char* __restrict__ packed,
                                            bf16* __restrict__ x, int first, int count, int heads) {
  const Share share = share_of(128, first, count, heads);
  const int token = share.token + key_token(share.part);
  if (!share.exists || token < 0 || token >= count) {
    return;
  }
  const uint4 bits = *reinterpret_cast<const uint4*>(packed + share.packed + share.part * 16);
  uint4* target = reinterpret_cast<uint4*>(
      x + (static_cast<long long>(token) * heads + share.head) * kWidth + key_channel(share.part));
  target[0] = make_uint4(widen_2(bits.x & 0xffff), widen_2(bits.x >> 16), widen_2(bits.y & 0xffff),
                         widen_2(bits.y >> 16));
  target[1] = make_uint4(widen_2(bits.z & 0xffff), widen_2(bits.z >> 16), widen_2(bits.w & 0xffff),
                         widen_2(bits.w >> 16));
}

// A thread has two channels of 16 tokens.
extern "C" __global__ void pack_values_bf16(const bf16* __restrict__ x,
                                            unsigned char* __restrict__ packed, int first,
                                            int count, int heads) {
  const Share share = share_of(64, first, count, heads);
  if (!share.exists) {
    return;
  }
  const long long row = static_cast<long long>(heads) * kWidth;
  const bf16* source = x + share.token * row + share.head * kWidth + share.part * 2;
  unsigned char* target = packed + share.packed + share.part * 32;
  if (share.token >= 0 && share.token + kTokens <= count) {
    unsigned pair[kTokens];
#pragma unroll
    for (int i = 0; i < kTokens; i++) {
      pair[i] = *reinterpret_cast<const unsigned*>(source + token_at(i) * row);
    }
    float low[kTokens];
    float high[kTokens];
#pragma unroll
    for (int i = 0; i < kTokens; i++) {
      low[i] = __uint_as_float(pair[i] << 16);
      high[i] = __uint_as_float(pair[i] & 0xffff0000u);
    }
    store_channels(packed + share.packed, share.part, round_16(low), round_16(high));
    return;
  }
  for (int i = 0; i < kTokens; i++) {
    const int token = share.token + token_at(i);
    if (token >= 0 && token < count) {
#pragma unroll
      for (int channel = 0; channel < 2; channel++) {
        target[channel * kTokens + i] = __nv_cvt_float_to_fp8(
            __bfloat162float(source[token_at(i) * row + channel]), __NV_SATFINITE, __NV_E4M3);
      }
    }
  }
}

extern "C" __global__ void unpack_values_bf16(const unsigned char* __restrict__ packed,
                                              bf16* __restrict__ x, int first, int count,
                                              int heads) {
  const Share share = share_of(64, first, count, heads);
  if (!share.exists) {
    return;
  }
  const uint4* source = reinterpret_cast<const uint4*>(packed + share.packed + share.part * 32);
  const uint4 low = source[0];
  const uint4 high = source[1];
  const unsigned lows[4] = {low.x, low.y, low.z, low.w};
  const unsigned highs[4] = {high.x, high.y, high.z, high.w};
  const long long row = static_cast<long long>(heads) * kWidth;
  bf16* target = x + share.token * row + share.head * kWidth + share.part * 2;
#pragma unroll
  for (int i = 0; i < kTokens; i++) {
    const int token = share.token + token_at(i);
    if (token >= 0 && token < count) {
      const unsigned a = lows[i / 4] >> i % 4 * 8 & 0xff;
      const unsigned b = highs[i / 4] >> i % 4 * 8 & 0xff;
      *reinterpret_cast<unsigned*>(target + token_at(i) * row) = widen_2(a | b << 8);
    }
  }
}
