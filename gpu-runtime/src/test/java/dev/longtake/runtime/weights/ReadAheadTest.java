package dev.longtake.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReadAheadTest {
  private static final ReadAhead.Rows<int[]> NOTHING = (first, count, chunk) -> {};

  @ParameterizedTest
  @CsvSource({"1, 1", "7, 3", "5000, 1", "1025, 51", "40, 40", "3, 60"})
  void handsEveryRowOverOnceInOrder(int rows, int chunkRows) {
    int[] next = new int[1];
    ahead(chunkRows)
        .run(
            rows,
            (first, count, chunk) -> {
              chunk[0] = first;
              chunk[1] = count;
            },
            (first, count, chunk) -> {
              assertThat(first).isEqualTo(next[0]);
              assertThat(chunk).containsExactly(first, count);
              next[0] += count;
            });

    assertThat(next[0]).isEqualTo(rows);
  }

  @Test
  void usesNoMoreBuffersThanItReadsAheadAndGivesAllBack() {
    AtomicInteger used = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    new ReadAhead<>(
            2,
            3,
            () -> {
              most.accumulateAndGet(used.incrementAndGet(), Math::max);
              return new int[2];
            },
            chunk -> used.decrementAndGet())
        .run(99, NOTHING, NOTHING);

    assertThat(most).hasValue(3);
    assertThat(used).hasValue(0);
  }

  @Test
  void readsOnOtherThreadsAndTakesOnThisOne() {
    Set<String> readers = ConcurrentHashMap.newKeySet();
    Set<Thread> takers = ConcurrentHashMap.newKeySet();
    ahead(50)
        .run(
            1000,
            (first, count, chunk) -> readers.add(Thread.currentThread().getName()),
            (first, count, chunk) -> takers.add(Thread.currentThread()));

    assertThat(readers).allMatch(name -> name.startsWith("longtake-weights-"));
    assertThat(takers).containsExactly(Thread.currentThread());
  }

  @Test
  void throwsWhatReadingThrewWhenNobodyReadsAnyMore() {
    AtomicInteger reading = new AtomicInteger();
    ReadAhead.Rows<int[]> failing =
        (first, count, chunk) -> {
          reading.incrementAndGet();
          try {
            if (first > 0) {
              throw new IllegalStateException("row " + first);
            }
          } finally {
            reading.decrementAndGet();
          }
        };

    assertThatThrownBy(() -> ahead(1).run(9, failing, NOTHING))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("row 1");
    assertThat(reading).hasValue(0);
  }

  @Test
  void throwsWhatTakingThrew() {
    assertThatThrownBy(
            () ->
                ahead(1)
                    .run(
                        9,
                        NOTHING,
                        (first, count, chunk) -> {
                          throw new IllegalStateException("taken");
                        }))
        .hasMessage("taken");
  }

  private static ReadAhead<int[]> ahead(int chunkRows) {
    return new ReadAhead<>(chunkRows, 4, () -> new int[2], chunk -> {});
  }
}
