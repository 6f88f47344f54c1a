package dev.longtake.runtime.weights;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import dev.longtake.runtime.tensor.Bf16;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Fp16;
import dev.longtake.runtime.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.jspecify.annotations.Nullable;

/**
 * A weight [out, in] plus its adapter, merged anew whenever elements are read.
 *
 * <p>B·A is computed in blocks of rows that begin at fixed multiples, whatever is read, so that an
 * element does not depend on which others are read with it: a matrix product's last bits change
 * with its shape. Keeps A in fp32 from the first read on; a read takes memory for one block.
 */
final class MergedTensor implements StoredTensor {
  /** Rows that are computed together. */
  static final int BLOCK_ROWS = 32;

  private final StoredTensor base;
  private final LoraPair pair;
  private @Nullable FloatPointer a;

  MergedTensor(StoredTensor base, LoraPair pair) {
    this.base = base;
    this.pair = pair;
  }

  @Override
  public String name() {
    return base.name();
  }

  @Override
  public String file() {
    return base.file();
  }

  @Override
  public DType dtype() {
    return base.dtype();
  }

  @Override
  public Shape shape() {
    return base.shape();
  }

  @Override
  public void read(long firstElement, float[] out, int outOffset, int count) {
    Objects.checkFromIndexSize(firstElement, count, shape().elements());
    Objects.checkFromIndexSize(outOffset, count, out.length);
    if (count == 0) {
      return;
    }
    base.read(firstElement, out, outOffset, count);
    try (RowProduct product = new RowProduct(pair, a())) {
      long blockElements = (long) BLOCK_ROWS * shape().extent(1);
      long end = firstElement + count;
      long block = firstElement / blockElements;
      for (long start = block * blockElements; start < end; start += blockElements) {
        float[] added = product.rows((int) (start / shape().extent(1)));
        int from = (int) (Math.max(start, firstElement) - start);
        int to = (int) Math.min(end - start, blockElements);
        add(added, from, to, out, outOffset + (int) (start + from - firstElement));
      }
    }
  }

  @Override
  public boolean isContiguous() {
    return base.isContiguous();
  }

  @Override
  public void copy(long firstElement, int count, ByteBuffer out) {
    base.copy(firstElement, count, out);
  }

  @Override
  public LoraPair adapter() {
    return pair;
  }

  /** Returns A, [rank, in], widened once; JavaCPP gives the memory back when nobody has it. */
  private synchronized FloatPointer a() {
    if (a == null) {
      int values = pair.rank() * shape().extent(1);
      float[] widened = new float[values];
      pair.a().read(0, widened, 0, values);
      a = new FloatPointer((long) values).put(widened);
    }
    return a;
  }

  private void add(float[] added, int from, int to, float[] out, int outOffset) {
    int shift = outOffset - from;
    float scale = pair.scale();
    switch (base.dtype()) {
      case BF16 -> {
        for (int i = from; i < to; i++) {
          out[shift + i] = Bf16.round(out[shift + i] + scale * added[i]);
        }
      }
      case FP16 -> {
        for (int i = from; i < to; i++) {
          out[shift + i] = Fp16.round(out[shift + i] + scale * added[i]);
        }
      }
      default -> { // FP32; LoraPair lets no other type through
        for (int i = from; i < to; i++) {
          out[shift + i] += scale * added[i];
        }
      }
    }
  }

  /** Computes blocks of rows of B·A; owns the memory for them. */
  private static final class RowProduct implements AutoCloseable {
    private final StoredTensor b;
    private final int rank;
    private final int columns;
    private final FloatPointer a;
    private final FloatPointer bRows;
    private final FloatPointer product;
    private final float[] values;

    RowProduct(LoraPair pair, FloatPointer a) {
      // More threads would share the sums differently and so change their last bits.
      openblas_nolapack.blas_set_num_threads(1);
      this.b = pair.b();
      this.rank = pair.rank();
      this.columns = pair.a().shape().extent(1);
      this.a = a;
      this.bRows = new FloatPointer((long) BLOCK_ROWS * rank);
      this.product = new FloatPointer((long) BLOCK_ROWS * columns);
      this.values = new float[BLOCK_ROWS * Math.max(columns, rank)];
    }

    /** Returns up to {@link #BLOCK_ROWS} rows; valid until the next call. */
    float[] rows(int firstRow) {
      int rows = Math.min(BLOCK_ROWS, b.shape().extent(0) - firstRow);
      b.read((long) firstRow * rank, values, 0, rows * rank);
      bRows.put(values, 0, rows * rank);
      cblas_sgemm(
          CblasRowMajor,
          CblasNoTrans,
          CblasNoTrans,
          rows,
          columns,
          rank,
          1f,
          bRows,
          rank,
          a,
          columns,
          0f,
          product,
          columns);
      product.get(values, 0, rows * columns);
      return values;
    }

    @Override
    public void close() {
      bRows.close();
      product.close();
    }
  }
}
