package dev.longtake.runtime.cuda;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;

/** The functions and numbers of {@code cublasLt.h} that are used. Handles are 64-bit addresses. */
interface CublasLtLibrary extends Library {
  // cudaDataType
  int R_32F = 0;
  int R_16F = 2;
  int R_16BF = 14;
  int R_8F_E4M3 = 28;

  // cublasComputeType_t: fp32 without TF32
  int COMPUTE_32F = 68;

  // cublasOperation_t
  int OP_N = 0;
  int OP_T = 1;

  // cublasLtMatmulDescAttributes_t
  int DESC_TRANSA = 3;
  int DESC_TRANSB = 4;
  int DESC_EPILOGUE = 7;
  int DESC_BIAS_POINTER = 8;
  int DESC_A_SCALE_POINTER = 17;
  int DESC_B_SCALE_POINTER = 18;
  int DESC_FAST_ACCUM = 25;
  int DESC_BIAS_DATA_TYPE = 26;
  int DESC_A_SCALE_MODE = 31;
  int DESC_B_SCALE_MODE = 32;

  // cublasLtMatmulPreferenceAttributes_t
  int PREF_MAX_WORKSPACE_BYTES = 1;
  int PREF_REDUCTION_SCHEME_MASK = 3;
  int PREF_MIN_ALIGNMENT_A_BYTES = 5;
  int PREF_MIN_ALIGNMENT_B_BYTES = 6;
  int PREF_MIN_ALIGNMENT_C_BYTES = 7;
  int PREF_MIN_ALIGNMENT_D_BYTES = 8;

  /** cublasLtReductionScheme_t: partial sums of split products are added in fp32, in order. */
  int REDUCTION_COMPUTE_TYPE = 2;

  // cublasLtMatmulHeuristicResult_t: the algorithm of 64 bytes, then its workspace and its state
  int RESULT_BYTES = 96;
  int RESULT_WORKSPACE_OFFSET = 64;
  int RESULT_STATE_OFFSET = 72;

  long cublasLtGetVersion();

  String cublasLtGetStatusName(int status);

  int cublasLtCreate(LongByReference handle);

  int cublasLtDestroy(long handle);

  int cublasLtMatmulDescCreate(LongByReference desc, int computeType, int scaleType);

  int cublasLtMatmulDescDestroy(long desc);

  int cublasLtMatmulDescSetAttribute(long desc, int attribute, Pointer value, long bytes);

  int cublasLtMatrixLayoutCreate(
      LongByReference layout, int type, long rows, long columns, long leadingDimension);

  int cublasLtMatrixLayoutDestroy(long layout);

  int cublasLtMatmulPreferenceCreate(LongByReference preference);

  int cublasLtMatmulPreferenceDestroy(long preference);

  int cublasLtMatmulPreferenceSetAttribute(
      long preference, int attribute, Pointer value, long bytes);

  int cublasLtMatmulAlgoGetHeuristic(
      long handle,
      long desc,
      long a,
      long b,
      long c,
      long d,
      long preference,
      int requested,
      Pointer results,
      IntByReference returned);

  int cublasLtMatmul(
      long handle,
      long desc,
      Pointer alpha,
      long a,
      long aLayout,
      long b,
      long bLayout,
      Pointer beta,
      long c,
      long cLayout,
      long d,
      long dLayout,
      Pointer algorithm,
      long workspace,
      long workspaceBytes,
      long stream);
}
