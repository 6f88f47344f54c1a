package dev.longtake.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;

/** What the library's heuristics propose for a {@link GemmShape}, the most promising first. */
final class GemmAlgorithms {
  private static final int REQUESTED = 16;

  private final Memory results;
  private final int count;

  private GemmAlgorithms(Memory results, int count) {
    this.results = results;
    this.count = count;
  }

  /**
   * Asks the library.
   *
   * @throws LongtakeException DEVICE_UNAVAILABLE if it knows no way
   */
  static GemmAlgorithms query(
      CublasLtLibrary library,
      long handle,
      String where,
      GemmShape shape,
      long description,
      long weightLayout,
      long xLayout,
      long outLayout,
      int alignmentBytes,
      long workspaceBytes) {
    Memory results = new Memory((long) REQUESTED * CublasLtLibrary.RESULT_BYTES);
    results.clear();
    IntByReference returned = new IntByReference();
    LongByReference preference = new LongByReference();
    int status = library.cublasLtMatmulPreferenceCreate(preference);
    CublasLt.check(library, status, "cublasLtMatmulPreferenceCreate", where, shape);
    try {
      restrict(library, preference.getValue(), where, shape, alignmentBytes, workspaceBytes);
      status =
          library.cublasLtMatmulAlgoGetHeuristic(
              handle,
              description,
              weightLayout,
              xLayout,
              outLayout,
              outLayout,
              preference.getValue(),
              REQUESTED,
              results,
              returned);
    } finally {
      library.cublasLtMatmulPreferenceDestroy(preference.getValue());
    }
    if (status != 0 || returned.getValue() == 0 || stateOf(results, 0) != 0) {
      throw new LongtakeException(
          ErrorCode.DEVICE_UNAVAILABLE,
          "cuBLASLt %d has no algorithm for %s on %s: %s (%d). fp8 needs compute capability 8.9 or "
                  .formatted(
                      library.cublasLtGetVersion(),
                      shape,
                      where,
                      library.cublasLtGetStatusName(status),
                      status)
              + "newer, scales per row cuBLASLt 12.9 or newer on 9.0; otherwise choose bf16.");
    }
    return new GemmAlgorithms(results, usable(results, returned.getValue()));
  }

  /** Returns how many there are, at least 1. */
  int count() {
    return count;
  }

  /** Returns the 64 bytes of one of them. */
  Pointer get(int index) {
    return results.share((long) index * CublasLtLibrary.RESULT_BYTES);
  }

  /** Returns the bytes of workspace that one of them needs. */
  long workspaceBytes(int index) {
    return get(index).getLong(CublasLtLibrary.RESULT_WORKSPACE_OFFSET);
  }

  private static void restrict(
      CublasLtLibrary library,
      long preference,
      String where,
      GemmShape shape,
      int alignmentBytes,
      long workspace) {
    Memory value = new Memory(Long.BYTES);
    value.setLong(0, workspace);
    set(library, preference, CublasLtLibrary.PREF_MAX_WORKSPACE_BYTES, value, 8, where, shape);
    value.setInt(0, CublasLtLibrary.REDUCTION_COMPUTE_TYPE);
    set(library, preference, CublasLtLibrary.PREF_REDUCTION_SCHEME_MASK, value, 4, where, shape);
    value.setInt(0, alignmentBytes);
    for (int attribute = CublasLtLibrary.PREF_MIN_ALIGNMENT_A_BYTES;
        attribute <= CublasLtLibrary.PREF_MIN_ALIGNMENT_D_BYTES;
        attribute++) {
      set(library, preference, attribute, value, Integer.BYTES, where, shape);
    }
  }

  private static void set(
      CublasLtLibrary library,
      long preference,
      int attribute,
      Memory value,
      int bytes,
      String where,
      GemmShape shape) {
    int status = library.cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, bytes);
    CublasLt.check(
        library, status, "cublasLtMatmulPreferenceSetAttribute of " + attribute, where, shape);
  }

  private static int usable(Memory results, int returned) {
    int count = 0;
    while (count < returned && stateOf(results, count) == 0) {
      count++;
    }
    return count;
  }

  private static int stateOf(Memory results, int index) {
    return results.getInt(
        (long) index * CublasLtLibrary.RESULT_BYTES + CublasLtLibrary.RESULT_STATE_OFFSET);
  }
}
