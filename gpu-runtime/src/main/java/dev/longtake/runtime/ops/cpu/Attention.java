package dev.longtake.runtime.ops.cpu;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.FloatBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code attention}, a tile of queries of one head at a time. */
final class Attention {
  private static final int TILE_QUERIES = 64;

  private final Parallel parallel;
  private final Scratch[] scratch;

  Attention(Parallel parallel, Scratch[] scratch) {
    this.parallel = parallel;
    this.scratch = scratch;
  }

  void attend(
      HostTensor q,
      List<HostTensor> k,
      List<HostTensor> v,
      float scale,
      @Nullable HostTensor bias,
      HostTensor out) {
    checkArgument(q.shape().rank() == 3, "q must be [Sq, N, D], but was %s", q.shape());
    int queries = q.shape().extent(0);
    int heads = q.shape().extent(1);
    int width = q.shape().extent(2);
    int keys = countKeys(k, v, heads, width);
    out.require("out", q.dtype(), q.shape());
    if (bias != null) {
      bias.require("bias", q.dtype(), Shape.of(heads, queries, keys));
    }
    int tileQueries = Math.max(1, Math.min(TILE_QUERIES, Scratch.TILE_VALUES / keys));
    int tiles = MatrixProducts.ceilDiv(queries, tileQueries);
    int rowStride = heads * width;

    parallel.run(
        heads * tiles,
        (task, thread) -> {
          int head = task / tiles;
          int first = task % tiles * tileQueries;
          int count = Math.min(tileQueries, queries - first);
          long start = (long) first * rowStride + (long) head * width;
          scratch[thread].reserveTile(count * keys);
          Gemm.Matrix scores = new Gemm.Matrix(scratch[thread].tile(), keys);
          Gemm.Matrix query = new Gemm.Matrix(q.address(), rowStride).offset(start);
          int key = 0;
          for (HostTensor segment : k) {
            int n = segment.shape().extent(0);
            Gemm.timesTransposed(
                count, n, width, scale, query, headOf(segment, head), 0f, scores.offset(key));
            key += n;
          }
          FloatBuffer biasValues = bias == null ? null : bias.values();
          int biasStart = (head * queries + first) * keys;
          softmax(scratch[thread], count, keys, biasValues, biasStart);

          Gemm.Matrix result = new Gemm.Matrix(out.address(), rowStride).offset(start);
          key = 0;
          for (HostTensor segment : v) {
            int n = segment.shape().extent(0);
            float beta = key == 0 ? 0f : 1f;
            Gemm.times(
                count, width, n, 1f, scores.offset(key), headOf(segment, head), beta, result);
            key += n;
          }
        });
  }

  private static int countKeys(List<HostTensor> k, List<HostTensor> v, int heads, int width) {
    checkArgument(
        !k.isEmpty() && k.size() == v.size(), "%s segments of k, %s of v", k.size(), v.size());
    int keys = 0;
    for (int i = 0; i < k.size(); i++) {
      Tensor segment = k.get(i);
      int n = segment.shape().extent(0);
      checkArgument(n > 0, "segment %s of k is empty", i);
      segment.require("k", segment.dtype(), Shape.of(n, heads, width));
      v.get(i).require("v", segment.dtype(), segment.shape());
      keys += n;
    }
    return keys;
  }

  private static Gemm.Matrix headOf(HostTensor segment, int head) {
    int width = segment.shape().extent(2);
    return new Gemm.Matrix(segment.address(), segment.shape().extent(1) * width)
        .offset((long) head * width);
  }

  private static void softmax(
      Scratch scratch, int rows, int keys, @Nullable FloatBuffer bias, int biasStart) {
    float[] row = scratch.row(keys);
    for (int i = 0; i < rows; i++) {
      scratch.tileValues().get(i * keys, row, 0, keys);
      if (bias != null) {
        float[] addend = scratch.otherRow(keys);
        bias.get(biasStart + i * keys, addend, 0, keys);
        for (int j = 0; j < keys; j++) {
          row[j] += addend[j];
        }
      }
      softmaxRow(row, keys);
      scratch.tileValues().put(i * keys, row, 0, keys);
    }
  }

  private static void softmaxRow(float[] row, int count) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < count; j++) {
      largest = Math.max(largest, row[j]);
    }
    for (int j = 0; j < count; j++) {
      row[j] -= largest;
    }
    VectorMath.exp(row, count);
    float sum = Sums.of(row, 0, count);
    float scale = 1f / sum;
    for (int j = 0; j < count; j++) {
      row[j] *= scale;
    }
  }
}
