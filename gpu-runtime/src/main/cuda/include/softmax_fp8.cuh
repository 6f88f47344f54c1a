// The online softmax of scores that lie in registers as the tensor cores leave them, with
// probabilities rounded to FP8 (e4m3).
//
// Of each 8 keys, a lane has two scores of one row and two of the row 8 below: scores 4*j and 4*j+1
// are keys 8*j + 2*(lane%4) and the next, and scores 4*j+2 and 4*j+3 the same keys for the other
// row. Exponentials are relative to a reference, a maximum that may be out of date by a factor of
// 2^kLag. They are 2^kGain times what they should be, at most 2^8, so that small ones, too, have
// all of e4m3's precision; sums have the same factor, which cancels out.
#pragma once

#include "attention.cuh"
#include "fp8.cuh"

constexpr float kLag = 2.0f;
constexpr float kGain = 6.0f;

// 2^x within 7.5e-5 of it, on the units for products; x below -120 counts as that.
__device__ inline float power_of_two_by_polynomial(float x) {
  constexpr float kIntegers = 12582912.0f;  // 1.5 * 2^23: floats from here on are integers
  const float bounded = fmaxf(x, -120.0f);
  const float exponent = bounded + kIntegers;  // to nearest; its low bits are the integer
  const float rest = bounded - (exponent - kIntegers);
  const float power =
      fmaf(fmaf(fmaf(0.05517167f, rest, 0.24261112f), rest, 0.69326099f), rest, 0.99992807f);
  return __int_as_float(__float_as_int(power) + (__float_as_int(exponent) << 23));
}

// Rounds four values to FP8, the first to the lowest byte.
__device__ inline unsigned round_probabilities(float p0, float p1, float p2, float p3) {
  unsigned rounded;
  asm("{\n"
      ".reg .b16 low, high;\n"
      "cvt.rn.satfinite.e4m3x2.f32 low, %2, %1;\n"
      "cvt.rn.satfinite.e4m3x2.f32 high, %4, %3;\n"
      "mov.b32 %0, {low, high};\n"
      "}\n"
      : "=r"(rounded)
      : "f"(p0), "f"(p1), "f"(p2), "f"(p3));
  return rounded;
}

// Returns two sums, of the first and third and of the second and fourth of `rounded`, as fp16.
__device__ inline unsigned sum_pairs(unsigned rounded) {
  unsigned sum;
  asm("{\n"
      ".reg .b16 low, high;\n"
      ".reg .b32 first, second;\n"
      "mov.b32 {low, high}, %1;\n"
      "cvt.rn.f16x2.e4m3x2 first, low;\n"
      "cvt.rn.f16x2.e4m3x2 second, high;\n"
      "add.rn.f16x2 %0, first, second;\n"
      "}\n"
      : "=r"(sum)
      : "r"(rounded));
  return sum;
}

__device__ inline unsigned add_pairs(unsigned a, unsigned b) {
  unsigned sum;
  asm("add.rn.f16x2 %0, %1, %2;\n" : "=r"(sum) : "r"(a), "r"(b));
  return sum;
}

__device__ inline float sum_of_pair(unsigned pair) {
  float low;
  float high;
  asm("{\n"
      ".reg .b16 a, b;\n"
      "mov.b32 {a, b}, %2;\n"
      "cvt.f32.f16 %0, a;\n"
      "cvt.f32.f16 %1, b;\n"
      "}\n"
      : "=f"(low), "=f"(high)
      : "r"(pair));
  return low + high;
}

// The softmax of this lane's two rows so far.
struct SoftmaxFp8 {
  float reference[2] = {-INFINITY, -INFINITY};  // what exponents are relative to
  float sum[2] = {0.0f, 0.0f};                  // this lane's share
  float factor[2] = {1.0f, 1.0f};               // what earlier results must be multiplied by
  bool grown = false;                           // whether a row's factor may not be 1

  // Brings the references up to date with new scores.
  template <int Scores>
  __device__ inline void grow(const float (&score)[Scores], float scale_log2) {
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
      exceeded = exceeded || own > reference[half] + kLag;
      factor[half] = 1.0f;
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
  }

  // Replaces scores by their exponentials; of each 8, the first `Polynomials` by polynomial.
  template <int Polynomials, int Scores>
  __device__ inline void exponentiate(float (&score)[Scores], float scale_log2) const {
    const float offset[2] = {kGain - reference[0], kGain - reference[1]};
#pragma unroll
    for (int i = 0; i < Scores; i++) {
      const float exponent = fmaf(score[i], scale_log2, offset[i / 2 % 2]);
      score[i] =
          i * 5 % 8 < Polynomials ? power_of_two_by_polynomial(exponent) : power_of_two(exponent);
    }
  }

  // Adds exponentials as they are.
  template <int Scores>
  __device__ inline void add(const float (&score)[Scores]) {
    float own[4] = {0.0f, 0.0f, 0.0f, 0.0f};
#pragma unroll
    for (int i = 0; i < Scores; i++) own[i / 2 % 4] += score[i];
    sum[0] += own[0] + own[2];
    sum[1] += own[1] + own[3];
  }

  // Adds exponentials as they were rounded.
  template <int Steps>
  __device__ inline void add(const unsigned (&probability)[Steps][4]) {
    unsigned own[2] = {0, 0};
#pragma unroll
    for (int i = 0; i < Steps * 4; i++) {
      own[i % 2] = add_pairs(own[i % 2], sum_pairs(probability[i / 4][i % 4]));
    }
    sum[0] += sum_of_pair(own[0]);
    sum[1] += sum_of_pair(own[1]);
  }
};

// Rounds exponentials to tiles of 64x32, which the tensor cores take from registers: without moving
// anything between lanes, because values lie in the same order of keys.
template <int Steps>
__device__ inline void round_to(unsigned (&probability)[Steps][4], const float (&p)[16 * Steps]) {
#pragma unroll
  for (int i = 0; i < Steps * 4; i++) {
    const int at = i / 4 * 16 + i % 4 / 2 * 8 + i % 2 * 2;
    probability[i / 4][i % 4] = round_probabilities(p[at], p[at + 1], p[at + 4], p[at + 5]);
  }
}
