package dev.longtake.runtime.weights;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.tensor.Bf16;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Fp16;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;
import java.util.Objects;
import org.bytedeco.openblas.presets.openblas_nolapack;

/**
 * A weight [out, in] plus its adapter, merged anew whenever elements are read.
 *
 * <p>B·A is computed in blocks of rows that begin at fixed multiples, whatever is read, so that an
 * element does not depend on which others are read with it: a matrix product's last bits change
 * with its shape. Keeps nothing between reads; a read takes memory for A and one block.
 */
final class MergedTensor implements StoredTensor {
  private static final int BLOCK_ROWS = 32;

  private final StoredTensor base;
  private final LoraPair pair;

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
    try (RowProduct product = new RowProduct(pair)) {
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

  private void add(float[] added, int from, int to, float[] out, int outOffset) {
    int shift = outOffset - from;
    DType dtype = base.dtype();
    float scale = pair.scale();
    for (int i = from; i < to; i++) {
      float sum = out[shift + i] + scale * added[i];
      out[shift + i] =
          switch (dtype) {
            case BF16 -> Bf16.round(sum);
            case FP16 -> Fp16.round(sum);
            default -> sum; // FP32; LoraPair lets no other type through
          };
    }
  }

  /** Computes blocks of rows of B·A; owns the memory for it. */
  private static final class RowProduct implements AutoCloseable {
    private final StoredTensor b;
    private final int rank;
    private final int columns;
    private final HostBlock memory;
    private final HostTensor a;
    private final HostTensor bRows;
    private final HostTensor product;
    private final float[] productValues;

    RowProduct(LoraPair pair) {
      // More threads would share the sums differently and so change their last bits.
      openblas_nolapack.blas_set_num_threads(1);
      this.b = pair.b();
      this.rank = pair.rank();
      this.columns = pair.a().shape().extent(1);
      long values = (long) rank * columns + (long) BLOCK_ROWS * rank + (long) BLOCK_ROWS * columns;
      this.memory = HostBlock.reserve(values * Float.BYTES + 3L * Arena.ALIGNMENT_BYTES);
      Arena arena = new Arena("adapter merge", memory);
      this.a = HostTensor.of(arena.tensor(DType.FP32, rank, columns));
      this.bRows = HostTensor.of(arena.tensor(DType.FP32, BLOCK_ROWS, rank));
      this.product = HostTensor.of(arena.tensor(DType.FP32, BLOCK_ROWS, columns));
      this.productValues = new float[BLOCK_ROWS * Math.max(columns, rank)];
      for (int row = 0; row < rank; row++) {
        pair.a().read((long) row * columns, productValues, 0, columns);
        a.values().put(row * columns, productValues, 0, columns);
      }
    }

    /** Returns up to {@link #BLOCK_ROWS} rows; valid until the next call. */
    float[] rows(int firstRow) {
      int rows = Math.min(BLOCK_ROWS, b.shape().extent(0) - firstRow);
      b.read((long) firstRow * rank, productValues, 0, rows * rank);
      bRows.values().put(0, productValues, 0, rows * rank);
      cblas_sgemm(
          CblasRowMajor,
          CblasNoTrans,
          CblasNoTrans,
          rows,
          columns,
          rank,
          1f,
          bRows.address(),
          rank,
          a.address(),
          columns,
          0f,
          product.address(),
          columns);
      product.values().get(0, productValues, 0, rows * columns);
      return productValues;
    }

    @Override
    public void close() {
      memory.close();
    }
  }
}
