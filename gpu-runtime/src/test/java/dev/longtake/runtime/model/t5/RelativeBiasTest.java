package dev.longtake.runtime.model.t5;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RelativeBiasTest {
  private static final long WORKSPACE_BYTES = 1 << 20;

  // 8·2^(k/2) is where bucket 8 + k begins: 11.3, 16, 22.6, 32, 45.3, 64, 90.5.
  @ParameterizedTest(name = "distance {0} is in bucket {1}")
  @CsvSource({
    "0, 0",
    "1, 17",
    "-1, 1",
    "7, 23",
    "-7, 7",
    "8, 24",
    "11, 24",
    "12, 25",
    "15, 25",
    "16, 26",
    "22, 26",
    "23, 27",
    "31, 27",
    "32, 28",
    "45, 28",
    "46, 29",
    "63, 29",
    "64, 30",
    "90, 30",
    "91, 31",
    "127, 31",
    "128, 31",
    "511, 31",
    "-8, 8",
    "-16, 10",
    "-32, 12",
    "-64, 14",
    "-128, 15",
    "-511, 15"
  })
  void growsBucketsWithDistance(int distance, int bucket) {
    assertThat(RelativeBias.bucket(distance, 32, 128)).isEqualTo(bucket);
  }

  @Test
  void putsTheBucketsValueAtEveryPair() {
    int tokens = 19;
    int heads = 3;
    int buckets = 32;
    T5Config config = new T5Config(10, 12, 1, heads, 4, 8, buckets);
    float[] table = new float[buckets * heads];
    IntStream.range(0, table.length).forEach(i -> table[i] = 0.1f * i - 3);
    float[] actual = new float[heads * tokens * tokens];
    try (HostBlock block = HostBlock.reserve(WORKSPACE_BYTES);
        CpuOps ops = new CpuOps(1, block)) {
      Tensor distanceBias = ops.workspace().tensor(DType.FP32, buckets, heads);
      ops.upload(table, 0, distanceBias);
      Tensor out = ops.workspace().tensor(DType.FP32, heads, tokens, tokens);
      new RelativeBias(ops, config, tokens).of(distanceBias, out);
      ops.download(out, actual, 0);
    }
    for (int head = 0; head < heads; head++) {
      for (int query = 0; query < tokens; query++) {
        for (int key = 0; key < tokens; key++) {
          int bucket = RelativeBias.bucket(key - query, buckets, T5Config.MAX_DISTANCE);
          // Exact: a product with ones and zeros picks values, it does not round.
          assertThat(actual[(head * tokens + query) * tokens + key])
              .as("head %s, query %s, key %s", head, query, key)
              .isEqualTo(table[bucket * heads + head]);
        }
      }
    }
  }
}
