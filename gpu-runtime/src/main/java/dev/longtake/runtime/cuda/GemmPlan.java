package dev.longtake.runtime.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import org.jspecify.annotations.Nullable;

/**
 * The library's description of one {@link GemmShape}, and the algorithm chosen for it.
 *
 * <p>The library thinks in columns: a row-major [r, c] is its c×r. So x·Wᵀ is computed as D = Wᵀ·x
 * with D of out×rows, W of in×out, transposed, and x of in×rows.
 */
final class GemmPlan implements AutoCloseable {
  private final CublasLtLibrary library;
  private final long handle;
  private final String where;
  private final GemmShape shape;
  private final long description;
  private final long weightLayout;
  private final long xLayout;
  private final long outLayout;

  // Reused by every call: a stream of calls comes from one thread.
  private final Memory scratch = new Memory(Long.BYTES);
  private final Memory alpha = new Memory(Float.BYTES);
  private final Memory beta = new Memory(Float.BYTES);

  GemmPlan(CublasLtLibrary library, long handle, String where, GemmShape shape) {
    this.library = library;
    this.handle = handle;
    this.where = where;
    this.shape = shape;
    alpha.setFloat(0, 1f);
    GemmType type = shape.type();
    this.description = createDescription();
    this.weightLayout = createLayout(type.inputCode(), shape.in(), shape.out());
    this.xLayout = createLayout(type.inputCode(), shape.in(), shape.rows());
    this.outLayout = createLayout(type.resultCode(), shape.out(), shape.rows());
    describe();
  }

  GemmShape shape() {
    return shape;
  }

  /**
   * Returns the algorithms that the library offers for this shape, the most promising first.
   *
   * @param operands not read, but the library looks at which there are and how they are aligned
   */
  GemmAlgorithms algorithms(GemmOperands operands, long workspaceBytes) {
    point(operands);
    return GemmAlgorithms.query(
        library,
        handle,
        where,
        shape,
        description,
        weightLayout,
        xLayout,
        outLayout,
        operands.alignmentBytes(),
        workspaceBytes);
  }

  /**
   * Queues out = epilogue(x·Wᵀ + addend·out).
   *
   * @param algorithm 64 bytes that {@link #algorithms} returned
   */
  void multiply(
      CudaStream stream,
      GemmOperands operands,
      float addend,
      Pointer algorithm,
      DeviceMemory workspace) {
    point(operands);
    beta.setFloat(0, addend);
    long out = operands.out().address();
    int status =
        library.cublasLtMatmul(
            handle,
            description,
            alpha,
            operands.weight().address(),
            weightLayout,
            operands.x().address(),
            xLayout,
            beta,
            out,
            outLayout,
            out,
            outLayout,
            algorithm,
            workspace.address(),
            workspace.bytes(),
            stream.address());
    CublasLt.check(library, status, "cublasLtMatmul", where, shape);
  }

  @Override
  public void close() {
    library.cublasLtMatrixLayoutDestroy(outLayout);
    library.cublasLtMatrixLayoutDestroy(xLayout);
    library.cublasLtMatrixLayoutDestroy(weightLayout);
    library.cublasLtMatmulDescDestroy(description);
  }

  private void point(GemmOperands operands) {
    setPointer(CublasLtLibrary.DESC_BIAS_POINTER, operands.bias());
    setPointer(CublasLtLibrary.DESC_A_SCALE_POINTER, operands.weightScale());
    setPointer(CublasLtLibrary.DESC_B_SCALE_POINTER, operands.xScale());
  }

  private void describe() {
    setInt32(CublasLtLibrary.DESC_TRANSA, CublasLtLibrary.OP_T);
    setInt32(CublasLtLibrary.DESC_TRANSB, CublasLtLibrary.OP_N);
    setInt32(CublasLtLibrary.DESC_EPILOGUE, shape.epilogue().code());
    if (shape.epilogue().hasBias()) {
      setInt32(CublasLtLibrary.DESC_BIAS_DATA_TYPE, shape.type().resultCode());
    }
    if (shape.type() == GemmType.FP8_FAST_SUMS) {
      scratch.setByte(0, (byte) 1);
      set(CublasLtLibrary.DESC_FAST_ACCUM, Byte.BYTES);
    }
    if (shape.scales() == GemmScales.PER_ROW) {
      setInt32(CublasLtLibrary.DESC_A_SCALE_MODE, shape.scales().code());
      setInt32(CublasLtLibrary.DESC_B_SCALE_MODE, shape.scales().code());
    }
  }

  private long createDescription() {
    LongByReference reference = new LongByReference();
    int status =
        library.cublasLtMatmulDescCreate(
            reference, CublasLtLibrary.COMPUTE_32F, CublasLtLibrary.R_32F);
    CublasLt.check(library, status, "cublasLtMatmulDescCreate", where, shape);
    return reference.getValue();
  }

  private long createLayout(int type, int rows, int columns) {
    LongByReference reference = new LongByReference();
    int status = library.cublasLtMatrixLayoutCreate(reference, type, rows, columns, rows);
    CublasLt.check(library, status, "cublasLtMatrixLayoutCreate", where, shape);
    return reference.getValue();
  }

  private void setInt32(int attribute, int value) {
    scratch.setInt(0, value);
    set(attribute, Integer.BYTES);
  }

  private void setPointer(int attribute, @Nullable DeviceMemory memory) {
    if (memory != null) {
      scratch.setLong(0, memory.address());
      set(attribute, Long.BYTES);
    }
  }

  private void set(int attribute, int bytes) {
    int status = library.cublasLtMatmulDescSetAttribute(description, attribute, scratch, bytes);
    CublasLt.check(library, status, "cublasLtMatmulDescSetAttribute of " + attribute, where, shape);
  }
}
