// Operations element by element, and copies between types.
//
//   add:         out = a + b                 multiply:    out = a * b
//   add_scaled:  x = x + factor * y          add_gated:   x[r, c] += y[r, c] * gate[c]
//   add_row:     x[r, c] += row[c]           scale_shift: out[r, c] = x[r, c] * scale[c] + shift[c]
//   activate:    out = activation(x)         convert:     out = x, rounded to the type of out
//
// All tensors hold `count` elements, row-major, except for rows [width] that are the same for every
// row of x. Every kernel exists for each choice of f32 and bf16 for the types in its name's end, in
// the order of its tensors; some exist for f16 too, as the VAE needs them. Computed in fp32. out may be an input.
// `packed` is 1 if all pointers are 16-byte aligned and rows, where there are any, a multiple of 8
// wide: then whole packs are moved at once, but for the last elements of a tensor.
// Launch: a thread for every 8 elements.
// Java side: ElementwiseKernels. Specification: CpuOps.

#include "include/values.cuh"

namespace {

// Calls body(index, values at index) for the elements of this thread: once with a pack, or one by
// one.
template <typename Packed, typename Single>
__device__ inline void for_each_element(long long count, int packed, Packed pack_body,
                                        Single single_body) {
  const long long first = (static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x) * kPack;
  if (packed && first + kPack <= count) {
    pack_body(first);
    return;
  }
  for (int i = 0; i < kPack; i++) {
    if (first + i < count) {
      single_body(first + i);
    }
  }
}

template <typename A, typename B, typename Out, typename Combine>
__device__ inline void combine(const A* a, const B* b, Out* out, long long count, int packed,
                               Combine combination) {
  for_each_element(
      count, packed,
      [&](long long at) {
        float left[kPack];
        float right[kPack];
        load_pack(a + at, left);
        load_pack(b + at, right);
#pragma unroll
        for (int i = 0; i < kPack; i++) {
          left[i] = combination(left[i], right[i]);
        }
        store_pack(out + at, left);
      },
      [&](long long at) { store(out + at, combination(to_float(a[at]), to_float(b[at]))); });
}

// out = x * scale + shift by columns; scale may be null for 1.
template <typename X, typename Row, typename Out>
__device__ inline void affine(const X* x, const Row* scale, const Row* shift, Out* out,
                              long long count, int width, int packed) {
  for_each_element(
      count, packed,
      [&](long long at) {
        const int column = static_cast<int>(at % width);
        float values[kPack];
        float factors[kPack];
        float addends[kPack];
        load_pack(x + at, values);
        load_pack(shift + column, addends);
        if (scale != nullptr) {
          load_pack(scale + column, factors);
        }
#pragma unroll
        for (int i = 0; i < kPack; i++) {
          values[i] = (scale == nullptr ? values[i] : values[i] * factors[i]) + addends[i];
        }
        store_pack(out + at, values);
      },
      [&](long long at) {
        const int column = static_cast<int>(at % width);
        const float factor = scale == nullptr ? 1.0f : to_float(scale[column]);
        store(out + at, to_float(x[at]) * factor + to_float(shift[column]));
      });
}

template <typename X, typename Y, typename Gate>
__device__ inline void gate(X* x, const Y* y, const Gate* gates, long long count, int width,
                            int packed) {
  for_each_element(
      count, packed,
      [&](long long at) {
        float values[kPack];
        float addends[kPack];
        float factors[kPack];
        load_pack(x + at, values);
        load_pack(y + at, addends);
        load_pack(gates + at % width, factors);
#pragma unroll
        for (int i = 0; i < kPack; i++) {
          values[i] += addends[i] * factors[i];
        }
        store_pack(x + at, values);
      },
      [&](long long at) {
        store(x + at, to_float(x[at]) + to_float(y[at]) * to_float(gates[at % width]));
      });
}

template <typename X, typename Out, typename Map>
__device__ inline void map(const X* x, Out* out, long long count, int packed, Map mapping) {
  for_each_element(
      count, packed,
      [&](long long at) {
        float values[kPack];
        load_pack(x + at, values);
#pragma unroll
        for (int i = 0; i < kPack; i++) {
          values[i] = mapping(values[i]);
        }
        store_pack(out + at, values);
      },
      [&](long long at) { store(out + at, mapping(to_float(x[at]))); });
}

}  // namespace

#define FOR_TYPES_1(DEFINE) DEFINE(float, f32) DEFINE(bf16, bf16)
#define FOR_TYPES_2(DEFINE)      \
  DEFINE(float, f32, float, f32) \
  DEFINE(float, f32, bf16, bf16) DEFINE(bf16, bf16, float, f32) DEFINE(bf16, bf16, bf16, bf16)
#define FOR_TYPES_3(DEFINE)                                                                 \
  DEFINE(float, f32, float, f32, float, f32)                                                \
  DEFINE(float, f32, float, f32, bf16, bf16)                                                \
  DEFINE(float, f32, bf16, bf16, float, f32) DEFINE(float, f32, bf16, bf16, bf16, bf16)     \
      DEFINE(bf16, bf16, float, f32, float, f32) DEFINE(bf16, bf16, float, f32, bf16, bf16) \
          DEFINE(bf16, bf16, bf16, bf16, float, f32) DEFINE(bf16, bf16, bf16, bf16, bf16, bf16)

#define DEFINE_ADD(A, AN, B, BN, OUT, ON)                                             \
  extern "C" __global__ void add_##AN##_##BN##_##ON(const A* a, const B* b, OUT* out, \
                                                    long long count, int packed) {    \
    combine(a, b, out, count, packed, [](float l, float r) { return l + r; });        \
  }
FOR_TYPES_3(DEFINE_ADD)
DEFINE_ADD(fp16, f16, fp16, f16, fp16, f16)

#define DEFINE_MULTIPLY(A, AN, B, BN, OUT, ON)                                             \
  extern "C" __global__ void multiply_##AN##_##BN##_##ON(const A* a, const B* b, OUT* out, \
                                                         long long count, int packed) {    \
    combine(a, b, out, count, packed, [](float l, float r) { return l * r; });             \
  }
FOR_TYPES_3(DEFINE_MULTIPLY)

#define DEFINE_ADD_SCALED(X, XN, Y, YN)                                                     \
  extern "C" __global__ void add_scaled_##XN##_##YN(X* x, const Y* y, float factor,         \
                                                    long long count, int packed) {          \
    combine(x, y, x, count, packed, [factor](float l, float r) { return l + factor * r; }); \
  }
FOR_TYPES_2(DEFINE_ADD_SCALED)

#define DEFINE_ADD_GATED(X, XN, Y, YN, G, GN)                                     \
  extern "C" __global__ void add_gated_##XN##_##YN##_##GN(                        \
      X* x, const Y* y, const G* gates, long long count, int width, int packed) { \
    gate(x, y, gates, count, width, packed);                                      \
  }
FOR_TYPES_3(DEFINE_ADD_GATED)

#define DEFINE_ADD_ROW(X, XN, R, RN)                                                             \
  extern "C" __global__ void add_row_##XN##_##RN(X* x, const R* row, long long count, int width, \
                                                 int packed) {                                   \
    affine<X, R, X>(x, nullptr, row, x, count, width, packed);                                   \
  }
FOR_TYPES_2(DEFINE_ADD_ROW)

#define DEFINE_SCALE_SHIFT(X, XN, R, RN, OUT, ON)                                       \
  extern "C" __global__ void scale_shift_##XN##_##RN##_##ON(                            \
      const X* x, const R* scale, const R* shift, OUT* out, long long count, int width, \
      int packed) {                                                                     \
    affine(x, scale, shift, out, count, width, packed);                                 \
  }
FOR_TYPES_3(DEFINE_SCALE_SHIFT)
DEFINE_SCALE_SHIFT(fp16, f16, float, f32, fp16, f16)

// `activation` is one of the enum Activation.
#define DEFINE_ACTIVATE(X, XN, OUT, ON)                                                    \
  extern "C" __global__ void activate_##XN##_##ON(const X* x, OUT* out, int activation,    \
                                                  long long count, int packed) {           \
    map(x, out, count, packed, [activation](float v) { return activate(v, activation); }); \
  }
FOR_TYPES_2(DEFINE_ACTIVATE)
DEFINE_ACTIVATE(fp16, f16, fp16, f16)

#define DEFINE_CONVERT(X, XN, OUT, ON)                                                  \
  extern "C" __global__ void convert_##XN##_##ON(const X* x, OUT* out, long long count, \
                                                 int packed) {                          \
    map(x, out, count, packed, [](float v) { return v; });                              \
  }
FOR_TYPES_2(DEFINE_CONVERT)
DEFINE_CONVERT(float, f32, fp16, f16)
DEFINE_CONVERT(bf16, bf16, fp16, f16)
DEFINE_CONVERT(fp16, f16, float, f32)
