package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.model.dit.LayerPass;
import dev.longtake.runtime.model.dit.LayerRange;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.spi.LanePass;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DeviceTurnsTest {
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final SweepLog log = new SweepLog();
  private final DeviceTurns turns = new DeviceTurns(() -> {}, log);

  @AfterEach
  void stop() throws InterruptedException {
    threads.shutdownNow();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void forwardsOfAllTakesGoTogether() throws Exception {
    log.patienceNanos = TimeUnit.SECONDS.toNanos(20);
    CountDownLatch begun = new CountDownLatch(3);
    List<Future<?>> takes = new ArrayList<>();
    for (int take = 0; take < 3; take++) {
      takes.add(
          threads.submit(
              () ->
                  turns.render(
                      () -> {
                        begun.countDown();
                        await(begun);
                        for (int i = 0; i < 5; i++) {
                          turns.run(() -> turns.sweep(pass(() -> {})));
                        }
                      })));
    }
    for (Future<?> take : takes) {
      take.get();
    }
    assertThat(log.sizes).containsExactly(3, 3, 3, 3, 3);
  }

  @Test
  void waitsForNobodyElseWhenTheOthersHaveEnded() {
    log.patienceNanos = TimeUnit.SECONDS.toNanos(20);
    turns.render(() -> turns.run(() -> turns.sweep(pass(() -> {}))));
    turns.render(() -> turns.run(() -> turns.sweep(pass(() -> {}))));

    assertThat(log.sizes).containsExactly(1, 1);
  }

  @Test
  void goesOnWithoutATakeThatDoesSomethingElse() throws Exception {
    log.patienceNanos = TimeUnit.MILLISECONDS.toNanos(1);
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    Future<?> other =
        threads.submit(
            () ->
                turns.render(
                    () -> {
                      busy.countDown();
                      await(done);
                    }));
    await(busy);

    turns.render(() -> turns.run(() -> turns.sweep(pass(() -> {}))));

    assertThat(log.sizes).containsExactly(1);
    done.countDown();
    other.get();
  }

  @Test
  void failureOfOneForwardIsItsOwn() throws Exception {
    log.patienceNanos = TimeUnit.SECONDS.toNanos(20);
    CountDownLatch begun = new CountDownLatch(2);
    Future<?> good =
        threads.submit(
            () ->
                turns.render(
                    () -> {
                      begun.countDown();
                      await(begun);
                      turns.run(() -> turns.sweep(pass(() -> {})));
                    }));
    Runnable broken =
        () -> {
          throw new IllegalArgumentException("broken forward");
        };
    assertThatThrownBy(
            () ->
                turns.render(
                    () -> {
                      begun.countDown();
                      await(begun);
                      turns.run(() -> turns.sweep(pass(broken)));
                    }))
        .hasMessage("broken forward");
    good.get();
    assertThat(log.sizes).containsExactly(2);
    turns.run(() -> turns.sweep(pass(() -> {}))); // and the device is usable
  }

  @Test
  void failureOfASweepIsThrownToAllInItAndTheNextSucceeds() {
    log.failure = new IllegalStateException("device lost");
    assertThatThrownBy(() -> turns.run(() -> turns.sweep(pass(() -> {}))))
        .hasMessage("device lost");

    log.failure = null;
    turns.run(() -> turns.sweep(pass(() -> {})));
  }

  @Test
  void interruptedThreadLeavesNothingBehind() throws Exception {
    log.patienceNanos = TimeUnit.SECONDS.toNanos(20);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> turns.render(() -> turns.run(() -> turns.sweep(pass(() -> {})))))
        .hasMessageContaining("interrupted");
    assertThat(Thread.interrupted()).isTrue();

    threads.submit(() -> turns.render(() -> turns.run(() -> turns.sweep(pass(() -> {}))))).get();

    assertThat(log.sizes).containsExactly(1);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static LanePass pass(Runnable layer) {
    KvStore none =
        new KvStore() {
          @Override
          public LayerCaches acquire(int step, int index, CacheUse use) {
            throw new IllegalStateException("nobody asks for caches");
          }

          @Override
          public void release() {}
        };
    return new LanePass(
        none,
        0,
        new LayerPass() {
          @Override
          public CacheUse use() {
            return CacheUse.condition();
          }

          @Override
          public LayerRange layers() {
            return LayerRange.first(1);
          }

          @Override
          public void layer(@Nullable DitLayerWeights weights, @Nullable LayerCaches caches) {
            layer.run();
          }
        });
  }

  /** Takes forwards through one layer that has neither weights nor caches. */
  @SuppressWarnings("NullAway")
  private static final class SweepLog implements DenoiseExecutor {
    private final List<Integer> sizes = new ArrayList<>();
    private volatile long patienceNanos;
    private volatile @Nullable RuntimeException failure;

    @Override
    public KvStore openCaches(Arena device, Arena host) {
      throw new IllegalStateException("nobody asks for caches");
    }

    @Override
    public long patienceNanos() {
      return patienceNanos;
    }

    @Override
    public void sweep(List<LanePass> passes) {
      RuntimeException thrown = failure;
      if (thrown != null) {
        throw thrown;
      }
      sizes.add(passes.size());
      passes.forEach(pass -> pass.pass().layer(null, null));
    }
  }
}
