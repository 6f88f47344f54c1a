package dev.longtake.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadAheadTest {
  private final ReadAhead readAhead = new ReadAhead();

  @ParameterizedTest
  @CsvSource({"1, 1", "7, 3", "5000000, 1", "1025, 5120", "40, 13824", "3, 600000", "100, 100000"})
  void handsEveryRowOverOnceInOrder(int rows, int width) {
    int[] next = new int[1];
    readAhead.run(
        rows,
        width,
        (first, count, values) -> Arrays.fill(values, 0, count * width, first),
        (first, count, values) -> {
          assertThat(first).isEqualTo(next[0]);
          assertThat(values[0]).isEqualTo(first);
          assertThat(values[count * width - 1]).isEqualTo(first);
          next[0] += count;
        });

    assertThat(next[0]).isEqualTo(rows);
  }

  @Test
  void readsOnOtherThreadsAndTakesOnThisOne() {
    Set<String> readers = ConcurrentHashMap.newKeySet();
    Set<Thread> takers = ConcurrentHashMap.newKeySet();
    readAhead.run(
        1000,
        5120,
        (first, count, values) -> readers.add(Thread.currentThread().getName()),
        (first, count, values) -> takers.add(Thread.currentThread()));

    assertThat(readers).allMatch(name -> name.startsWith("longtake-weights-"));
    assertThat(takers).containsExactly(Thread.currentThread());
  }

  @Test
  void throwsWhatReadingThrewWhenNobodyReadsAnyMore() {
    AtomicInteger reading = new AtomicInteger();
    ReadAhead.Rows failing =
        (first, count, values) -> {
          reading.incrementAndGet();
          try {
            if (first > 0) {
              throw new IllegalStateException("row " + first);
            }
          } finally {
            reading.decrementAndGet();
          }
        };

    assertThatThrownBy(() -> readAhead.run(9, 1 << 19, failing, (first, count, values) -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("row 1");
    assertThat(reading).hasValue(0);
  }

  @Test
  void throwsWhatTakingThrew() {
    assertThatThrownBy(
            () ->
                readAhead.run(
                    9,
                    1 << 19,
                    (first, count, values) -> {},
                    (first, count, values) -> {
                      throw new IllegalStateException("taken");
                    }))
        .hasMessage("taken");
  }
}
