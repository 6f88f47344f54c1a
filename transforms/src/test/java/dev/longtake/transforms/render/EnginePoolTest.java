package dev.longtake.transforms.render;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.CheckpointInfo;
import dev.longtake.runtime.api.DeviceInfo;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.FrameSize;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.transforms.settings.EngineSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EnginePoolTest {
  private static final int LANES = 2;
  private static final EngineConfig SMALL = config(64);
  private static final EngineConfig LARGE = config(128);

  private final FakeEngineProvider provider = new FakeEngineProvider();
  private final EngineSource engines = () -> provider;
  private final EnginePool pool = EnginePool.of("test-" + UUID.randomUUID());

  @BeforeEach
  void hold() {
    pool.hold();
  }

  @Test
  void isOneForADevice() {
    String device = "test-" + UUID.randomUUID();

    assertThat(EnginePool.of(device)).isSameAs(EnginePool.of(device)).isNotSameAs(pool);
  }

  @Test
  void sharesAnEngineAmongAsManyAsItHasLanes() throws Exception {
    EngineLease first = pool.acquire(engines, SMALL);
    EngineLease second = pool.acquire(engines, SMALL);
    Waiting third = new Waiting(SMALL);
    third.awaitWaiting();

    assertThat(second.engine()).isSameAs(first.engine());
    first.close();
    assertThat(third.get().engine()).isSameAs(second.engine());
    assertThat(provider.engines()).containsExactly(SMALL);
  }

  @Test
  void closingALeaseTwiceGivesBackOne() throws Exception {
    EngineLease first = pool.acquire(engines, SMALL);
    EngineLease second = pool.acquire(engines, SMALL);
    first.close();
    first.close();
    EngineLease third = pool.acquire(engines, SMALL);

    Waiting fourth = new Waiting(SMALL);
    fourth.awaitWaiting();
    second.close();
    assertThat(fourth.get().engine()).isSameAs(third.engine());
  }

  @Test
  void keepsTheEngineBetweenLeasesAndClosesItWithTheLastHolder() throws Exception {
    pool.hold();
    pool.acquire(engines, SMALL).close();
    pool.acquire(engines, SMALL).close();
    pool.letGo();
    assertThat(provider.enginesOpen()).isEqualTo(1);

    pool.letGo();

    assertThat(provider.enginesOpen()).isZero();
    assertThat(provider.engines()).containsExactly(SMALL);
  }

  @Test
  void closesTheEngineWithTheLastLeaseWhenNobodyHoldsThePool() throws Exception {
    EngineLease lease = pool.acquire(engines, SMALL);
    pool.letGo();
    assertThat(provider.enginesOpen()).isEqualTo(1);

    lease.close();

    assertThat(provider.enginesOpen()).isZero();
  }

  @Test
  void refusesToBeLetGoByNobody() {
    pool.letGo();

    assertThatIllegalStateException().isThrownBy(pool::letGo);
  }

  @Test
  void anotherSizeWaitsUntilNobodyUsesThePresentOne() throws Exception {
    EngineLease small = pool.acquire(engines, SMALL);
    Waiting large = new Waiting(LARGE);
    large.awaitWaiting();
    assertThat(provider.engines()).containsExactly(SMALL);

    small.close();

    assertThat(large.get().engine().config()).isEqualTo(LARGE);
    assertThat(provider.engines()).containsExactly(SMALL, LARGE);
    assertThat(provider.mostEnginesOpen()).isEqualTo(1);
  }

  // Or those who want the present engine could keep the others waiting for ever.
  @Test
  void nobodyOvertakesWhoWaitsForAnotherSize() throws Exception {
    EngineLease first = pool.acquire(engines, SMALL);
    Waiting large = new Waiting(LARGE);
    large.awaitWaiting();
    Waiting small = new Waiting(SMALL); // a lane is free for it
    small.awaitWaiting();

    first.close();
    EngineLease served = large.get();
    assertThat(small.isServed()).isFalse();
    served.close();

    assertThat(small.get().engine().config()).isEqualTo(SMALL);
    assertThat(provider.engines()).containsExactly(SMALL, LARGE, SMALL);
  }

  @Test
  void whoIsInterruptedAtTheFrontLetsTheNextOneIn() throws Exception {
    EngineLease first = pool.acquire(engines, SMALL);
    Waiting large = new Waiting(LARGE);
    large.awaitWaiting();
    Waiting small = new Waiting(SMALL);
    small.awaitWaiting();

    large.interrupt();

    assertThat(small.get().engine()).isSameAs(first.engine());
    assertThat(provider.engines()).containsExactly(SMALL);
  }

  @Test
  void whoIsInterruptedFurtherBackIsPassedOver() throws Exception {
    EngineLease first = pool.acquire(engines, SMALL);
    Waiting large = new Waiting(LARGE);
    large.awaitWaiting();
    Waiting interrupted = new Waiting(SMALL);
    interrupted.awaitWaiting();
    Waiting alsoInterrupted = new Waiting(LARGE);
    alsoInterrupted.awaitWaiting();
    Waiting last = new Waiting(LARGE);
    last.awaitWaiting();

    alsoInterrupted.interrupt();
    interrupted.interrupt();
    first.close();

    assertThat(large.get().engine()).isSameAs(last.get().engine());
    assertThat(provider.engines()).containsExactly(SMALL, LARGE);
  }

  @Test
  void anEngineThatCannotBeOpenedBlocksNobody() throws Exception {
    EngineSource broken =
        () ->
            new EngineProvider() {
              @Override
              public AvatarEngine open(EngineConfig config) {
                throw new IllegalStateException("no memory");
              }

              @Override
              public DeviceInfo device(String asked) {
                return provider.device(asked);
              }

              @Override
              public CheckpointInfo describe(String checkpointDir) {
                return provider.describe(checkpointDir);
              }

              @Override
              public FrameSize frameSize(int pictureWidth, int pictureHeight, long areaPixels) {
                return provider.frameSize(pictureWidth, pictureHeight, areaPixels);
              }
            };
    EngineLease small = pool.acquire(engines, SMALL);
    small.close();

    assertThatIllegalStateException()
        .isThrownBy(() -> pool.acquire(broken, LARGE))
        .withMessage("no memory");

    assertThat(provider.enginesOpen()).isZero(); // it made room
    assertThat(pool.acquire(engines, LARGE).engine().config()).isEqualTo(LARGE);
  }

  @Test
  void servesEveryoneUnderLoad() throws Exception {
    long seed = 20240607;
    int threads = 6;
    int rounds = 60;
    AtomicInteger inUse = new AtomicInteger();
    AtomicInteger mostInUse = new AtomicInteger();
    AtomicInteger served = new AtomicInteger();
    List<FutureTask<Void>> tasks = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      Random random = new Random(seed + thread);
      FutureTask<Void> task =
          new FutureTask<>(
              () -> {
                for (int round = 0; round < rounds; round++) {
                  EngineConfig config = random.nextInt(3) == 0 ? LARGE : SMALL;
                  try (EngineLease lease = pool.acquire(engines, config)) {
                    mostInUse.accumulateAndGet(inUse.incrementAndGet(), Math::max);
                    assertThat(lease.engine().config()).isEqualTo(config);
                    lease.engine().encodePrompt("the engine is open");
                    served.incrementAndGet();
                    inUse.decrementAndGet();
                  }
                }
                return null;
              });
      tasks.add(task);
      new Thread(task, "pool-test-" + thread).start();
    }
    for (FutureTask<Void> task : tasks) {
      task.get(30, TimeUnit.SECONDS);
    }
    pool.letGo();

    assertThat(served).as("seed %s", seed).hasValue(threads * rounds);
    assertThat(mostInUse.get()).isBetween(1, LANES);
    assertThat(provider.mostEnginesOpen()).isEqualTo(1);
    assertThat(provider.enginesOpen()).isZero();
  }

  /** Somebody who wants an engine, on a thread of their own. */
  private final class Waiting {
    private final FutureTask<EngineLease> task;
    private final Thread thread;

    Waiting(EngineConfig config) {
      task = new FutureTask<>(() -> pool.acquire(engines, config));
      thread = new Thread(task, "waiting");
      thread.setDaemon(true);
      thread.start();
    }

    /** Returns when the thread waits its turn. */
    void awaitWaiting() {
      while (thread.getState() != Thread.State.WAITING) {
        assertThat(task.isDone()).as("served at once").isFalse();
        Thread.onSpinWait();
      }
    }

    boolean isServed() {
      return task.isDone();
    }

    EngineLease get() throws Exception {
      return task.get(30, TimeUnit.SECONDS);
    }

    void interrupt() throws Exception {
      thread.interrupt();
      try {
        task.get(30, TimeUnit.SECONDS);
        throw new AssertionError("served although interrupted");
      } catch (ExecutionException e) {
        assertThat(e).hasCauseInstanceOf(InterruptedException.class);
      }
    }
  }

  private static EngineConfig config(int side) {
    return new EngineConfig(
        "demo", "cpu", "resident", Precision.FP32, side, side, 48, 4, LANES, 1, Long.MAX_VALUE);
  }
}
