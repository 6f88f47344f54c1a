package dev.longtake.runtime.weights;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.ops.StoredUploads;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Brings parameters to a device in chunks, read by several threads.
 *
 * <p>A GPU takes them as the file has them, and merges adapters and rounds to FP8 itself. What it
 * cannot take so (integers, strides, adapters of a very high rank), and everything on the CPU, the
 * host widens to fp32, merged. Used by one thread; keeps memory for the chunks that are read at
 * once.
 */
final class ParameterUpload {
  private static final int CHUNK_ELEMENTS = 1 << 18; // so that most matrices keep every thread busy

  private final Ops ops;
  private final @Nullable StoredUploads uploads;
  private final Deque<float[]> spare = new ArrayDeque<>();

  ParameterUpload(Ops ops) {
    this.ops = ops;
    this.uploads = ops.storedUploads();
  }

  /** Reorders the elements of whole rows. */
  interface Layout {
    void apply(float[] stored, float[] out, int rows);
  }

  /**
   * Uploads a tensor.
   *
   * @param out as many elements
   * @param scale fp32 [rows] if {@code out} is FP8, else null
   */
  void upload(StoredTensor stored, Tensor out, @Nullable Tensor scale) {
    int elements = Math.toIntExact(stored.shape().elements());
    if (elements == 0) {
      return;
    }
    int rows = stored.shape().rank() < 2 ? elements : stored.shape().extent(0);
    Tensor matrix = out.reshape(rows, elements / rows);
    if (uploads != null && isTakenAsStored(stored, matrix, scale)) {
      uploadAsStored(uploads, stored, matrix, scale);
    } else {
      uploadWidened(stored, matrix, scale);
    }
  }

  /**
   * Uploads a tensor whose rows have another order of elements on the device.
   *
   * @param out [rows, width]
   */
  void uploadReordered(StoredTensor stored, Layout layout, Tensor out) {
    int rows = out.shape().extent(0);
    int width = out.shape().extent(1);
    widened(width)
        .run(
            rows,
            (first, count, values) -> {
              float[] read = new float[count * width];
              stored.read((long) first * width, read, 0, count * width);
              layout.apply(read, values, count);
            },
            (first, count, values) -> ops.upload(values, 0, out.slice(first, count)));
  }

  private static boolean isTakenAsStored(
      StoredTensor stored, Tensor matrix, @Nullable Tensor scale) {
    DType from = stored.dtype();
    return stored.isContiguous()
        && (scale == null ? isConverted(from, matrix.dtype()) : isFloatingPoint(from))
        && (long) matrix.shape().extent(1) * from.bytes() <= StoredUploads.PIECE_BYTES
        && scratchBytes(stored, matrix) <= ScratchBytes.ATTENTION;
  }

  private static boolean isFloatingPoint(DType dtype) {
    return dtype == DType.BF16 || dtype == DType.FP16 || dtype == DType.FP32;
  }

  private static boolean isConverted(DType from, DType to) {
    return switch (from) {
      case BF16, FP32 -> isFloatingPoint(to);
      case FP16 -> to == DType.FP16 || to == DType.FP32;
      default -> false;
    };
  }

  private static long scratchBytes(StoredTensor stored, Tensor matrix) {
    LoraPair pair = stored.adapter();
    int sides = matrix.shape().extent(0) + matrix.shape().extent(1);
    long adapter = pair == null ? 0 : (long) pair.rank() * sides * Float.BYTES;
    return adapter + StoredUploads.PIECE_BYTES + 3L * Arena.ALIGNMENT_BYTES;
  }

  private void uploadAsStored(
      StoredUploads uploads, StoredTensor stored, Tensor matrix, @Nullable Tensor scale) {
    int rows = matrix.shape().extent(0);
    int width = matrix.shape().extent(1);
    int chunkRows = Math.min(rows, StoredUploads.PIECE_BYTES / (width * stored.dtype().bytes()));
    boolean inPlace = stored.dtype() == matrix.dtype();
    try (Arena.Scope scope = uploads.scratch().scope()) {
      Adapter adapter = adapter(uploads, stored, rows, width);
      Tensor landing =
          inPlace ? matrix : uploads.scratch().tensor(stored.dtype(), chunkRows, width);
      new ReadAhead<>(chunkRows, StoredUploads.PIECES, uploads::next, piece -> {})
          .run(
              rows,
              (first, count, piece) ->
                  stored.copy((long) first * width, count * width, piece.bytes()),
              (first, count, piece) -> {
                Tensor landed = landing.slice(inPlace ? first : 0, count);
                uploads.upload(piece, landed);
                if (adapter != null) {
                  uploads.addLowRank(
                      landed, adapter.b.slice(first, count), adapter.a, adapter.factor);
                }
                if (!inPlace) {
                  finish(uploads, landed, first, matrix, scale);
                }
              });
    }
  }

  /** An adapter on the device: b [rows, rank], a [rank, width]. */
  private record Adapter(Tensor b, Tensor a, float factor) {}

  private @Nullable Adapter adapter(
      StoredUploads uploads, StoredTensor stored, int rows, int width) {
    LoraPair pair = stored.adapter();
    if (pair == null) {
      return null;
    }
    Tensor b = uploads.scratch().tensor(DType.FP32, rows, pair.rank());
    Tensor a = uploads.scratch().tensor(DType.FP32, pair.rank(), width);
    upload(pair.b(), b, null);
    upload(pair.a(), a, null);
    return new Adapter(b, a, pair.scale());
  }

  private void uploadWidened(StoredTensor stored, Tensor matrix, @Nullable Tensor scale) {
    int rows = matrix.shape().extent(0);
    int width = matrix.shape().extent(1);
    ReadAhead<float[]> readAhead = widened(width);
    ReadAhead.Rows<float[]> read =
        (first, count, values) -> stored.read((long) first * width, values, 0, count * width);
    if (scale == null) {
      readAhead.run(
          rows, read, (first, count, values) -> ops.upload(values, 0, matrix.slice(first, count)));
      return;
    }
    StoredUploads fp8 = requireNonNull(uploads, "only GPUs have FP8");
    try (Arena.Scope scope = fp8.scratch().scope()) {
      Tensor landing = fp8.scratch().tensor(DType.FP32, readAhead.chunkRows(), width);
      readAhead.run(
          rows,
          read,
          (first, count, values) -> {
            Tensor landed = landing.slice(0, count);
            ops.upload(values, 0, landed);
            finish(fp8, landed, first, matrix, scale);
          });
    }
  }

  /** Rounds rows to the type that they have on the device. */
  private void finish(
      StoredUploads uploads, Tensor rows, int first, Tensor matrix, @Nullable Tensor scale) {
    int count = rows.shape().extent(0);
    Tensor target = matrix.slice(first, count);
    if (scale == null) {
      ops.copy(rows, target);
    } else {
      uploads.roundRows(rows, target, scale.slice(first, count));
    }
  }

  /** Reads into arrays of fp32, in multiples of what a merge computes at once. */
  private ReadAhead<float[]> widened(int width) {
    int rows = Math.max(1, CHUNK_ELEMENTS / width);
    int whole = rows < MergedTensor.BLOCK_ROWS ? rows : rows - rows % MergedTensor.BLOCK_ROWS;
    return new ReadAhead<>(whole, 2 * ReadAhead.THREADS, () -> array(whole * width), spare::push);
  }

  private float[] array(int elements) {
    float[] array = spare.isEmpty() ? new float[CHUNK_ELEMENTS] : spare.pop();
    return array.length >= elements ? array : new float[elements];
  }
}
