package dev.longtake.runtime.ops.cpu;

import static dev.longtake.runtime.ops.cpu.Exact.assertExact;
import static dev.longtake.runtime.ops.cpu.Exact.assertWithin;
import static dev.longtake.runtime.ops.cpu.Exact.doubles;

import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuOpsAttentionTest {
  /**
   * Values are at most 1, so a result is off by no more than the weights' sum of errors. Five
   * squarings make 32 roundings of e^x, 2e-6 of each weight, and a score of up to 8 products adds
   * as much; the normalisation counts both once more.
   */
  private static final double LIMIT = 8e-6;

  private final GuardedTensors tensors = new GuardedTensors();
  private final CpuOps ops = GuardedTensors.usedOps();

  @AfterEach
  void close() {
    ops.close();
    tensors.close();
  }

  // A tile has 64 queries, or fewer if there are more than 2048 keys.
  @ParameterizedTest(name = "{0} queries, {1} keys, {2} heads of {3}")
  @CsvSource({
    "1,1,1,2",
    "1,7,3,16",
    "7,1,2,6",
    "65,33,3,16",
    "64,128,1,33",
    "130,257,2,8",
    "50,3000,2,4",
    "3,140000,1,2",
  })
  void attendsToEveryKey(int queries, int keys, int heads, int width) {
    Tensor q = tensors.random(queries, heads, width);
    List<Tensor> k = List.of(tensors.random(keys, heads, width));
    List<Tensor> v = List.of(tensors.random(keys, heads, width));
    checkAttention(q, k, v, (float) (1 / Math.sqrt(width)), null);
  }

  @Test
  void readsSegmentsAsOneSequence() {
    Tensor q = tensors.random(70, 3, 8);
    List<Tensor> k = new ArrayList<>();
    List<Tensor> v = new ArrayList<>();
    for (int keys : new int[] {1, 33, 300, 2}) {
      k.add(tensors.random(keys, 3, 8));
      v.add(tensors.random(keys, 3, 8));
    }
    checkAttention(q, k, v, 0.35f, null);
  }

  @Test
  void readsPartsOfLargerTensors() {
    Tensor cache = tensors.random(40, 2, 16);
    List<Tensor> parts = List.of(cache.slice(30, 10), cache.slice(0, 7));
    checkAttention(tensors.random(5, 2, 16), parts, parts, 0.25f, null);
  }

  @Test
  void addsTheBiasToTheScores() {
    Tensor q = tensors.random(67, 3, 8);
    List<Tensor> k = List.of(tensors.random(20, 3, 8), tensors.random(13, 3, 8));
    List<Tensor> v = List.of(tensors.random(20, 3, 8), tensors.random(13, 3, 8));
    checkAttention(q, k, v, 0.35f, tensors.random(3, 67, 33));
  }

  @Test
  void multipliesByTheScale() {
    Tensor q = tensors.random(9, 2, 8);
    List<Tensor> k = List.of(tensors.random(11, 2, 8));
    List<Tensor> v = List.of(tensors.random(11, 2, 8));
    checkAttention(q, k, v, 1f, null);
    checkAttention(q, k, v, 0f, null);
  }

  @Test
  void givesTheOnlyKeysValueUnchanged() {
    Tensor v = tensors.random(1, 2, 4);
    Tensor out = tensors.output(3, 2, 4);
    ops.attention(
        tensors.random(3, 2, 4), List.of(tensors.random(1, 2, 4)), List.of(v), 0.5f, null, out);
    double[] expected = new double[3 * 8];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = doubles(v)[i % 8];
    }
    assertExact(out, expected);
  }

  @Test
  void picksTheBestKeyWhenScoresAreFarApart() {
    // Scores reach ±2000: without taking the largest off, their powers are infinite.
    Tensor q = tensors.of(new float[] {2000, 2000}, 2, 1, 1);
    Tensor k = tensors.of(new float[] {1, -1, 0.5f}, 3, 1, 1);
    Tensor v = tensors.of(new float[] {0.25f, 100, 100}, 3, 1, 1);
    Tensor out = tensors.output(2, 1, 1);
    ops.attention(q, List.of(k), List.of(v), 1f, null, out);
    // A key that is out of reach may count e^-24 of the best one; there are two, of 100.
    assertWithin(out, new double[] {0.25, 0.25}, 200 * Math.exp(-24) + 0.25e-6);
  }

  @Test
  void replacesItsQueries() {
    Tensor q = tensors.random(130, 3, 8);
    List<Tensor> k = List.of(tensors.random(5, 3, 8), tensors.random(28, 3, 8));
    List<Tensor> v = List.of(tensors.random(5, 3, 8), tensors.random(28, 3, 8));
    Tensor inPlace = tensors.copyOf(q);
    ops.attention(inPlace, k, v, 0.35f, null, inPlace);
    assertWithin(inPlace, attention(q, k, v, 0.35f, null), LIMIT);
  }

  private void checkAttention(
      Tensor q, List<Tensor> k, List<Tensor> v, float scale, @Nullable Tensor bias) {
    Tensor out = tensors.output(q.shape().toArray());
    ops.attention(q, k, v, scale, bias, out);
    assertWithin(out, attention(q, k, v, scale, bias), LIMIT);
  }

  private static double[] attention(
      Tensor q, List<Tensor> k, List<Tensor> v, float scale, @Nullable Tensor bias) {
    Shape shape = q.shape();
    int heads = shape.extent(1);
    int width = shape.extent(2);
    double[] queries = doubles(q);
    double[] keys = concatenated(k);
    double[] values = concatenated(v);
    double[] biases = bias == null ? null : doubles(bias);
    int count = keys.length / heads / width;
    double[] out = new double[queries.length];
    for (int i = 0; i < shape.extent(0) * heads; i++) {
      int query = i / heads;
      int head = i % heads;
      double[] weights = new double[count];
      for (int key = 0; key < count; key++) {
        for (int c = 0; c < width; c++) {
          weights[key] += scale * queries[i * width + c] * keys[(key * heads + head) * width + c];
        }
        if (biases != null) {
          weights[key] += biases[(head * shape.extent(0) + query) * count + key];
        }
      }
      double largest = Arrays.stream(weights).max().orElseThrow();
      double sum = 0;
      for (int key = 0; key < count; key++) {
        weights[key] = Math.exp(weights[key] - largest);
        sum += weights[key];
      }
      for (int key = 0; key < count; key++) {
        for (int c = 0; c < width; c++) {
          out[i * width + c] += weights[key] / sum * values[(key * heads + head) * width + c];
        }
      }
    }
    return out;
  }

  private static double[] concatenated(List<Tensor> segments) {
    return segments.stream().flatMapToDouble(each -> Arrays.stream(doubles(each))).toArray();
  }
}
