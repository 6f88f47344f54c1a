package dev.longtake.runtime.tools.bench;

/** Operations that are limited by the same thing. */
enum OpFamily {
  GEMM,
  ATTENTION,
  CONVOLUTION,
  NORM,
  ELEMENTWISE,
  COPY
}
