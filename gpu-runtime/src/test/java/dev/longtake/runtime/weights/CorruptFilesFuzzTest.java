package dev.longtake.runtime.weights;

import static dev.longtake.runtime.weights.PickleBytes.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.management.ThreadMXBean;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Opens thousands of damaged files: each must be refused in words or read, whatever is wrong with
 * it, in little time and memory. A failed case names its seed and round.
 */
class CorruptFilesFuzzTest {
  private static final int ROUNDS = 300;
  private static final Duration LIMIT = Duration.ofSeconds(60);
  // The files have less than 3 KB; a wrong length of theirs would ask for many times this.
  private static final long MAX_ALLOCATED_BYTES = 8 << 20;
  private static final int MAX_READ_ELEMENTS = 4096;

  @TempDir private Path directory;

  /** How one kind of file is opened. */
  private interface Opener extends Function<Path, TensorSource> {}

  /** Loads classes, once with and once without success, so that no round is charged for them. */
  @BeforeAll
  static void warmUp(@TempDir Path warmUpDirectory) {
    Path file = warmUpDirectory.resolve("whole");
    readsAll(SafetensorsFile::open, SafetensorsBytes.write(file, safetensors()));
    readsAll(
        SafetensorsFile::open,
        SafetensorsBytes.write(file, SafetensorsBytes.file("{,", new byte[0])));
    readsAll(TorchPickleFile::open, SafetensorsBytes.write(file, torch(pickle())));
    readsAll(TorchPickleFile::open, SafetensorsBytes.write(file, new byte[100]));
  }

  @Test
  void wholeFilesAreRead() {
    assertThat(survives(SafetensorsFile::open, safetensors(), 0)).isTrue();
    assertThat(survives(TorchPickleFile::open, torch(pickle()), 0)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14})
  void safetensorsWithDamagedBytes(long seed) {
    fuzz(SafetensorsFile::open, seed, random -> Mutations.ofBytes(safetensors(), random));
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22, 23, 24})
  void safetensorsWithDamagedHeader(long seed) {
    byte[] whole = safetensors();
    int dataBytes = 100;
    String header = new String(whole, 8, whole.length - 8 - dataBytes, StandardCharsets.UTF_8);
    fuzz(
        SafetensorsFile::open,
        seed,
        random -> SafetensorsBytes.file(Mutations.ofJson(header, random), new byte[dataBytes]));
  }

  @ParameterizedTest
  @ValueSource(longs = {31, 32, 33, 34})
  void archivesWithDamagedBytes(long seed) {
    fuzz(TorchPickleFile::open, seed, random -> Mutations.ofBytes(torch(pickle()), random));
  }

  @ParameterizedTest
  @ValueSource(longs = {41, 42, 43, 44, 45, 46})
  void archivesWithDamagedPickle(long seed) {
    fuzz(TorchPickleFile::open, seed, random -> torch(Mutations.ofBytes(pickle(), random)));
  }

  @ParameterizedTest
  @ValueSource(longs = {51, 52})
  void archivesWithRandomPickle(long seed) {
    fuzz(TorchPickleFile::open, seed, random -> torch(Mutations.randomPickle(random)));
  }

  @ParameterizedTest
  @ValueSource(longs = {61, 62})
  void damagedIndex(long seed) {
    SafetensorsBytes.write(directory.resolve("s.safetensors"), safetensors());
    String index =
        "{\"metadata\":{\"total_size\":100},\"weight_map\":{\"a\":\"s.safetensors\","
            + "\"b\":\"s.safetensors\",\"c\":\"s.safetensors\"}}";
    fuzz(
        file -> ShardedSource.open(CheckpointIndex.read(file)),
        seed,
        random -> Mutations.ofJson(index, random).getBytes(StandardCharsets.UTF_8));
  }

  private void fuzz(Opener opener, long seed, Function<Random, byte[]> mutation) {
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          Random random = new Random(seed);
          int refused = 0;
          for (int round = 0; round < ROUNDS; round++) {
            try {
              refused += survives(opener, mutation.apply(random), round) ? 0 : 1;
            } catch (Throwable e) {
              throw new AssertionError("seed %d round %d".formatted(seed, round), e);
            }
          }
          // The mutations must be worth their name.
          assertThat(refused).as("refused of %s", ROUNDS).isGreaterThan(ROUNDS / 5);
        });
  }

  /** Opens and reads a file; returns whether it was found to be in order. */
  private boolean survives(Opener opener, byte[] content, int round) {
    Path file = SafetensorsBytes.write(directory.resolve("fuzzed-" + round), content);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    boolean inOrder = readsAll(opener, file);
    long after = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    assertThat(after - before).as("allocated bytes").isLessThan(MAX_ALLOCATED_BYTES);
    delete(file);
    return inOrder;
  }

  private static boolean readsAll(Opener opener, Path file) {
    try (TensorSource source = opener.apply(file)) {
      for (String name : source.names()) {
        StoredTensor tensor = source.tensor(name);
        long elements = tensor.shape().elements();
        int count = (int) Math.min(MAX_READ_ELEMENTS, elements);
        tensor.read(0, new float[count], 0, count);
        tensor.read(elements - count, new float[count], 0, count);
      }
      return true;
    } catch (LongtakeException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT);
      assertThat(e.getMessage()).contains(file.getFileName().toString()).hasSizeLessThan(2000);
      return false;
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] safetensors() {
    return new SafetensorsBytes()
        .json("\"__metadata__\":{\"format\":\"pt\"}")
        .add("a", "F32", new int[] {2, 3, 2}, new byte[48])
        .add("b", "BF16", new int[] {4, 5}, new byte[40])
        .add("c", "F8_E4M3", new int[] {12}, new byte[12])
        .build();
  }

  private static byte[] pickle() {
    return PickleBytes.stateDict(
        tensor("a", "0", 0, new long[] {2, 3}, new long[] {3, 1}, 6),
        tensor("b", "0", 1, new long[] {3, 2}, new long[] {1, 2}, 6),
        tensor("c", "1", 0, new long[] {4}, new long[] {1}, 4));
  }

  private static byte[] torch(byte[] pickle) {
    return TorchBytes.of(pickle).storage("0", 0, 1, 2, 3, 4, 5).storage("1", 6, 7, 8, 9).build();
  }
}
