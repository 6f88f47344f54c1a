package dev.longtake.runtime.ops.cpu;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.presets.openblas_nolapack;

/** Single-threaded matrix products by OpenBLAS; the threads are ours. */
final class Gemm {
  private Gemm() {}

  /** Keeps OpenBLAS from starting threads, whose number would change the results' last bits. */
  static void useCallingThreadOnly() {
    openblas_nolapack.blas_set_num_threads(1);
  }

  /** A matrix: where it starts, and the distance between its rows in values. */
  record Matrix(FloatPointer start, int rowStride) {
    /** Returns the matrix that starts {@code values} later. */
    Matrix offset(long values) {
      return new Matrix(start.getPointer(values), rowStride);
    }
  }

  /** c[m,n] = alpha·a[m,k]·b[n,k]ᵀ + beta·c. */
  static void timesTransposed(
      int m, int n, int k, float alpha, Matrix a, Matrix b, float beta, Matrix c) {
    multiply(CblasTrans, m, n, k, alpha, a, b, beta, c);
  }

  /** c[m,n] = alpha·a[m,k]·b[k,n] + beta·c. */
  static void times(int m, int n, int k, float alpha, Matrix a, Matrix b, float beta, Matrix c) {
    multiply(CblasNoTrans, m, n, k, alpha, a, b, beta, c);
  }

  private static void multiply(
      int layoutOfB, int m, int n, int k, float alpha, Matrix a, Matrix b, float beta, Matrix c) {
    cblas_sgemm(
        CblasRowMajor,
        CblasNoTrans,
        layoutOfB,
        m,
        n,
        k,
        alpha,
        a.start,
        a.rowStride,
        b.start,
        b.rowStride,
        beta,
        c.start,
        c.rowStride);
  }
}
