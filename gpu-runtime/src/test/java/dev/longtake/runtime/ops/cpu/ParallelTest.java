package dev.longtake.runtime.ops.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParallelTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void runsEveryTaskOnce(int threads) {
    try (Parallel parallel = new Parallel(threads)) {
      assertThat(parallel.threads()).isEqualTo(threads);
      for (int tasks : new int[] {0, 1, 2, 3, 100, 1000}) {
        AtomicIntegerArray runs = new AtomicIntegerArray(Math.max(1, tasks));
        AtomicInteger strangers = new AtomicInteger();
        parallel.run(
            tasks,
            (task, thread) -> {
              runs.incrementAndGet(task);
              if (thread < 0 || thread >= threads) {
                strangers.incrementAndGet();
              }
            });
        for (int task = 0; task < tasks; task++) {
          assertThat(runs.get(task)).as("task %s of %s", task, tasks).isEqualTo(1);
        }
        assertThat(strangers).hasValue(0);
      }
    }
  }

  @Test
  void givesAThreadIndexToOneThreadAtATime() {
    try (Parallel parallel = new Parallel(3)) {
      for (int round = 0; round < 200; round++) {
        AtomicIntegerArray busy = new AtomicIntegerArray(3);
        AtomicInteger clashes = new AtomicInteger();
        parallel.run(
            50,
            (task, thread) -> {
              if (busy.getAndIncrement(thread) != 0) {
                clashes.incrementAndGet();
              }
              busy.decrementAndGet(thread);
            });
        assertThat(clashes).as("round %s", round).hasValue(0);
      }
    }
  }

  @Test
  void followsOneJobByTheNext() {
    // Every job reads what the job before it wrote, on whichever thread that was.
    int[] values = new int[64];
    try (Parallel parallel = new Parallel(3)) {
      for (int round = 0; round < 2000; round++) {
        int expected = round;
        parallel.run(
            values.length,
            (task, thread) -> {
              int other = values.length - 1 - task;
              if (task <= other) {
                if (values[task] != expected || values[other] != expected) {
                  throw new IllegalStateException("task " + task + " of round " + expected);
                }
                values[task]++;
                if (other != task) {
                  values[other]++;
                }
              }
            });
      }
    }
    assertThat(values).containsOnly(2000);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void passesFailuresOnToTheCallerAndGoesOn(int threads) {
    try (Parallel parallel = new Parallel(threads)) {
      for (int round = 0; round < 100; round++) {
        IllegalStateException failure = new IllegalStateException("task 7 fails");
        assertThatThrownBy(
                () ->
                    parallel.run(
                        20,
                        (task, thread) -> {
                          if (task == 7) {
                            throw failure;
                          }
                        }))
            .isSameAs(failure);
        AtomicInteger runs = new AtomicInteger();
        parallel.run(20, (task, thread) -> runs.incrementAndGet());
        assertThat(runs).hasValue(20);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void passesErrorsOnToTheCaller(int threads) {
    try (Parallel parallel = new Parallel(threads)) {
      AssertionError failure = new AssertionError("task 0 fails");
      assertThatThrownBy(
              () ->
                  parallel.run(
                      2,
                      (task, thread) -> {
                        if (task == 0) {
                          throw failure;
                        }
                      }))
          .isSameAs(failure);
    }
  }

  @Test
  void refusesToHaveNoThread() {
    assertThatThrownBy(() -> new Parallel(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("threads must be at least 1, but was 0");
  }

  @Test
  void endsItsThreads() throws InterruptedException {
    Thread[] helper = new Thread[1];
    try (Parallel parallel = new Parallel(2)) {
      AtomicInteger done = new AtomicInteger();
      // Each of the two tasks waits for the other, so that the helper has to run one.
      parallel.run(
          2,
          (task, thread) -> {
            done.incrementAndGet();
            while (done.get() < 2) {
              Thread.onSpinWait();
            }
            if (thread == 1) {
              helper[0] = Thread.currentThread();
            }
          });
    }
    helper[0].join(10_000);
    assertThat(helper[0].isAlive()).isFalse();
  }
}
