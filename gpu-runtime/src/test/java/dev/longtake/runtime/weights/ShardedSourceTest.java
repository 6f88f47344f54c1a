package dev.longtake.runtime.weights;

import static dev.longtake.runtime.weights.SafetensorsBytes.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedSourceTest {
  private static final String ONE = "m-00001-of-00002.safetensors";
  private static final String TWO = "m-00002-of-00002.safetensors";

  @TempDir private Path directory;

  @Test
  void readsTensorsOfAllShards() throws IOException {
    shard(ONE, "a", 1);
    shard(TWO, "b", 2);
    index("{\"a\":\"%s\",\"b\":\"%s\"}".formatted(ONE, TWO));
    try (TensorSource source = open()) {
      assertThat(source.names()).containsExactlyInAnyOrder("a", "b");
      assertThat(read(source.tensor("a"))).containsExactly(1);
      assertThat(read(source.tensor("b"))).containsExactly(2);
      assertThat(source.tensor("b").file()).endsWith(TWO);
      assertThatThrownBy(() -> source.tensor("c"))
          .isInstanceOf(LongtakeException.class)
          .hasMessageContaining("c is not among the 2 tensors of the 2 files of");
    }
  }

  @Test
  void readsSingleFile() {
    shard("other.safetensors", "a", 1);
    try (TensorSource source = ShardedSource.open(directory, List.of("m", "other"))) {
      assertThat(source.names()).containsExactly("a");
    }
  }

  @Test
  void saysWhatLiesThereInstead() {
    shard("unrelated.safetensors", "a", 1);
    assertRejected()
        .hasMessageContaining("m.safetensors.index.json or m.safetensors")
        .hasMessageContaining("holds unrelated.safetensors");
  }

  @Test
  void rejectsMissingShard() throws IOException {
    shard(ONE, "a", 1);
    index("{\"a\":\"%s\",\"b\":\"%s\"}".formatted(ONE, TWO));
    assertRejected().hasMessageContaining(TWO).hasMessageContaining("holds " + ONE);
  }

  @Test
  void rejectsTensorThatIsNotInItsShard() throws IOException {
    shard(ONE, "a", 1);
    shard(TWO, "b", 2);
    index("{\"a\":\"%s\",\"b\":\"%s\",\"c\":\"%s\"}".formatted(ONE, TWO, TWO));
    assertRejected().hasMessageContaining("'c'").hasMessageContaining("in no shard");
  }

  @Test
  void rejectsTensorThatIsInAnotherShard() throws IOException {
    shard(ONE, "a", 1);
    shard(TWO, "b", 2);
    index("{\"a\":\"%s\",\"b\":\"%s\"}".formatted(TWO, ONE));
    assertRejected().hasMessageContaining("'a'").hasMessageContaining(ONE);
  }

  @Test
  void rejectsTensorInTwoShards() throws IOException {
    shard(ONE, "a", 1);
    shard(TWO, "a", 2);
    index("{\"a\":\"%s\",\"b\":\"%s\"}".formatted(ONE, TWO));
    assertRejected()
        .hasMessageContaining("'a'")
        .hasMessageContaining(ONE)
        .hasMessageContaining(TWO);
  }

  @Test
  void rejectsDamagedShard() throws IOException {
    SafetensorsBytes.write(directory.resolve(ONE), new byte[3]);
    index("{\"a\":\"%s\"}".formatted(ONE));
    assertRejected().hasMessageContaining(ONE).hasMessageContaining("3 bytes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret.safetensors",
        "/etc/secret.safetensors",
        "a/b.safetensors",
        "..",
        "",
        "a\\\\b.safetensors",
        "a\\u0000.safetensors",
        "passwd"
      })
  void rejectsNamesThatAreNoFileBesideTheIndex(String name) throws IOException {
    index("{\"a\":\"%s\"}".formatted(name));
    assertRejected().hasMessageContaining("beside the index");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]", "3", "{\"a\":3}", "{\"a\":null}"})
  void rejectsMalformedWeightMap(String weightMap) throws IOException {
    index(weightMap);
    assertRejected().hasMessageContaining("m.safetensors.index.json");
  }

  private void shard(String name, String tensor, float value) {
    new SafetensorsBytes().add(tensor, new int[] {1}, value).write(directory.resolve(name));
  }

  private void index(String weightMap) throws IOException {
    Files.writeString(
        directory.resolve("m.safetensors.index.json"), "{\"weight_map\":%s}".formatted(weightMap));
  }

  private TensorSource open() {
    return ShardedSource.open(directory, List.of("m"));
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRejected() {
    return assertThatThrownBy(() -> open().close()).isInstanceOf(LongtakeException.class);
  }
}
