package dev.longtake.transforms.render;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.CheckpointInfo;
import dev.longtake.runtime.api.CpuDevices;
import dev.longtake.runtime.api.DeviceHealth;
import dev.longtake.runtime.api.DeviceInfo;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.Feasibility;
import dev.longtake.runtime.api.FeasibilityQuery;
import dev.longtake.runtime.api.FrameSize;
import dev.longtake.runtime.api.GpuLease;
import dev.longtake.runtime.api.GpuLeases;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.WorkerDevices;
import dev.longtake.transforms.sink.DeviceReading;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EnginePoolTest {
  private static final int LANES = 2;
  private static final EngineConfig SMALL = config(64);
  private static final EngineConfig LARGE = config(128);

  private final FakeEngineProvider provider = new FakeEngineProvider();
  private final EngineSource engines = () -> provider;
  @TempDir private Path leaseDir;
  private EnginePool pool;

  @BeforeEach
  void hold() {
    pool = EnginePool.of(devices(""));
    pool.hold();
  }

  @Test
  void isOneForTheSameDevices() {
    assertThat(EnginePool.of(devices(""))).isSameAs(pool);
    assertThat(EnginePool.of(devices("1x1GiB"))).isNotSameAs(pool);
  }

  @Test
  void sharesAnEngineAmongAsManyAsItHasLanes() throws Exception {
    EngineLease first = pool.acquire(engines, device -> SMALL, Company.SHARED);
    EngineLease second = pool.acquire(engines, device -> SMALL, Company.SHARED);
    Waiting third = new Waiting(SMALL);
    third.awaitWaiting();

    assertThat(second.engine()).isSameAs(first.engine());
    first.close();
    assertThat(third.get().engine()).isSameAs(second.engine());
    assertThat(provider.engines()).containsExactly(SMALL);
  }

  @Test
  void closingALeaseTwiceGivesBackOne() throws Exception {
    EngineLease first = pool.acquire(engines, device -> SMALL, Company.SHARED);
    EngineLease second = pool.acquire(engines, device -> SMALL, Company.SHARED);
    first.close();
    first.close();
    EngineLease third = pool.acquire(engines, device -> SMALL, Company.SHARED);

    Waiting fourth = new Waiting(SMALL);
    fourth.awaitWaiting();
    second.close();
    assertThat(fourth.get().engine()).isSameAs(third.engine());
  }

  @Test
  void keepsTheEngineBetweenLeasesAndClosesItWithTheLastHolder() throws Exception {
    pool.hold();
    pool.acquire(engines, device -> SMALL, Company.SHARED).close();
    pool.acquire(engines, device -> SMALL, Company.SHARED).close();
    pool.letGo();
    assertThat(provider.enginesOpen()).isEqualTo(1);

    pool.letGo();

    assertThat(provider.enginesOpen()).isZero();
    assertThat(provider.engines()).containsExactly(SMALL);
  }

  @Test
  void closesTheEngineWithTheLastLeaseWhenNobodyHoldsThePool() throws Exception {
    EngineLease lease = pool.acquire(engines, device -> SMALL, Company.SHARED);
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
    EngineLease small = pool.acquire(engines, device -> SMALL, Company.SHARED);
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
    EngineLease first = pool.acquire(engines, device -> SMALL, Company.SHARED);
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
    EngineLease first = pool.acquire(engines, device -> SMALL, Company.SHARED);
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
    EngineLease first = pool.acquire(engines, device -> SMALL, Company.SHARED);
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
              public DeviceInfo deviceElsewhere(String asked) {
                return provider.deviceElsewhere(asked);
              }

              @Override
              public List<LeasableDevice> devices(String asked, String cpuDevices) {
                return provider.devices(asked, cpuDevices);
              }

              @Override
              public DeviceHealth watch(LeasableDevice device) {
                return provider.watch(device);
              }

              @Override
              public Feasibility feasibility(FeasibilityQuery query) {
                return provider.feasibility(query);
              }

              @Override
              public CheckpointInfo describe(String checkpointDir) {
                return provider.describe(checkpointDir);
              }

              @Override
              public String digest(String checkpointDir) {
                return provider.digest(checkpointDir);
              }

              @Override
              public FrameSize frameSize(int pictureWidth, int pictureHeight, long areaPixels) {
                return provider.frameSize(pictureWidth, pictureHeight, areaPixels);
              }
            };
    EngineLease small = pool.acquire(engines, device -> SMALL, Company.SHARED);
    small.close();

    assertThatIllegalStateException()
        .isThrownBy(() -> pool.acquire(broken, device -> LARGE, Company.SHARED))
        .withMessage("no memory");

    assertThat(provider.enginesOpen()).isZero(); // it made room
    assertThat(pool.acquire(engines, device -> LARGE, Company.SHARED).engine().config())
        .isEqualTo(LARGE);
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
                  try (EngineLease lease =
                      pool.acquire(engines, device -> config, Company.SHARED)) {
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

  @Test
  void leasesAFurtherDeviceWhenNoLaneIsFree() throws Exception {
    EnginePool two = held("2x1GiB");
    List<EngineLease> leases = new ArrayList<>();
    for (int i = 0; i < 2 * LANES; i++) {
      leases.add(two.acquire(engines, device -> SMALL, Company.SHARED));
    }

    assertThat(leases)
        .extracting(lease -> lease.device().id())
        .containsExactly("cpu-1024MiB-0", "cpu-1024MiB-0", "cpu-1024MiB-1", "cpu-1024MiB-1");
    assertThat(provider.enginesOpen()).isEqualTo(2);
    leases.get(3).close();
    leases.get(1).close();
    leases.get(0).close(); // the first device is idle, the second one has a free lane
    assertThat(two.acquire(engines, device -> SMALL, Company.SHARED).device().id())
        .isEqualTo("cpu-1024MiB-0");
  }

  @Test
  void opensOnEachDeviceWhatSuitsIt() throws Exception {
    EnginePool two = held("1x4GiB,1x1GiB");
    EngineChoice choice = device -> config(device.memoryBytes() > 2L << 30 ? 128 : 64);
    List<EngineLease> leases = new ArrayList<>();
    for (int i = 0; i < LANES + 1; i++) {
      leases.add(two.acquire(engines, choice, Company.SHARED));
    }

    assertThat(leases)
        .extracting(lease -> lease.engine().config())
        .containsExactly(LARGE, LARGE, SMALL);
  }

  @Test
  void anotherPoolGetsWhatIsLeft() throws Exception {
    EnginePool two = held("2x1GiB");
    EnginePool both = held("1x1GiB,1x2GiB");
    EngineLease first = two.acquire(engines, device -> SMALL, Company.SHARED);

    EngineLease other = both.acquire(engines, device -> SMALL, Company.SHARED);

    assertThat(first.device().id()).isEqualTo("cpu-1024MiB-0");
    assertThat(other.device().id()).isEqualTo("cpu-2048MiB-0");
  }

  @Test
  void nobodyJoinsWhoWantsToBeAlone() throws Exception {
    EngineLease shared = pool.acquire(engines, device -> SMALL, Company.SHARED);
    FutureTask<EngineLease> alone =
        new FutureTask<>(() -> pool.acquire(engines, device -> SMALL, Company.ALONE));
    Thread thread = new Thread(alone, "waiting");
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      assertThat(alone.isDone()).as("served beside another one").isFalse();
      Thread.onSpinWait();
    }
    shared.close();
    EngineLease suspect = alone.get(30, TimeUnit.SECONDS);
    Waiting other = new Waiting(SMALL);
    other.awaitWaiting();

    suspect.close();

    assertThat(other.get().engine()).isSameAs(suspect.engine());
    assertThat(provider.engines()).containsExactly(SMALL);
  }

  @Test
  void aLostDeviceIsLeftByAllAndGoesIntoQuarantine() throws Exception {
    EnginePool two = held("2x1GiB");
    EngineLease first = two.acquire(engines, device -> SMALL, Company.SHARED);
    EngineLease second = two.acquire(engines, device -> SMALL, Company.SHARED);
    assertThat(second.engine()).isSameAs(first.engine());

    first.lose(new LongtakeException(ErrorCode.DEVICE_FAULT, "fell off the bus"));
    EngineLease third = two.acquire(engines, device -> SMALL, Company.SHARED);

    assertThat(third.device().id()).isEqualTo("cpu-1024MiB-1");
    second.praise(); // it has finished nevertheless
    assertThat(new GpuLeases(leaseDir).quarantine(first.device()))
        .hasValueSatisfying(found -> assertThat(found.evidence()).isEqualTo("fell off the bus"));
    first.close();
    assertThat(provider.enginesOpen()).isEqualTo(2);
    second.close();
    assertThat(provider.enginesOpen()).isEqualTo(1);
  }

  @Test
  void waitsUntilSomebodyElseGivesTheDeviceBack() throws Exception {
    LeasableDevice device = CpuDevices.parse("test", "1x1GiB").get(0);
    GpuLease elsewhere = new GpuLeases(leaseDir).tryAcquire(device).orElseThrow();
    EnginePool one = held("1x1GiB");
    FutureTask<EngineLease> task =
        new FutureTask<>(() -> one.acquire(engines, any -> SMALL, Company.SHARED));
    Thread thread = new Thread(task, "waiting");
    thread.setDaemon(true);
    thread.start();
    while (thread.getState() != Thread.State.TIMED_WAITING) {
      assertThat(task.isDone()).as("served at once").isFalse();
      Thread.onSpinWait();
    }

    elsewhere.close();

    assertThat(task.get(30, TimeUnit.SECONDS).device()).isEqualTo(device);
  }

  @Test
  void givesDevicesBackWithTheLastHolder() throws Exception {
    EnginePool one = held("1x1GiB");
    one.acquire(engines, any -> SMALL, Company.SHARED).close();
    LeasableDevice device = CpuDevices.parse("test", "1x1GiB").get(0);
    assertThat(new GpuLeases(leaseDir).tryAcquire(device)).isEmpty();

    one.letGo();

    assertThat(new GpuLeases(leaseDir).tryAcquire(device)).isPresent();
  }

  @Test
  void readsEveryDeviceOnWhichAnEngineIsOpen() throws Exception {
    EnginePool teams = held("2x3GiB");
    EngineChoice team = device -> SMALL.on("cpu:0,cpu:1", LANES).withStrategy("tpp");
    assertThat(teams.readings()).isEmpty();
    EngineLease first = teams.acquire(engines, team, Company.SHARED);
    teams.acquire(engines, team, Company.SHARED).close();

    assertThat(teams.readings())
        .containsExactly(
            new DeviceReading("cpu:0", 0, Double.NaN, 0, 1),
            new DeviceReading("cpu:1", 0, Double.NaN, 0, 1));
    first.lose(new LongtakeException(ErrorCode.DEVICE_FAULT, "fell off the bus"));
    first.close();
    assertThat(teams.readings()).isEmpty();
  }

  /** Somebody who wants an engine, on a thread of their own. */
  private final class Waiting {
    private final FutureTask<EngineLease> task;
    private final Thread thread;

    Waiting(EngineConfig config) {
      task = new FutureTask<>(() -> pool.acquire(engines, device -> config, Company.SHARED));
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

  private EnginePool held(String cpuDevices) {
    EnginePool held = EnginePool.of(devices(cpuDevices));
    held.hold();
    return held;
  }

  private WorkerDevices devices(String cpuDevices) {
    return new WorkerDevices("cpu", cpuDevices, leaseDir.toString(), false);
  }

  private static EngineConfig config(int side) {
    return new EngineConfig(
        "demo", "cpu", "resident", Precision.FP32, side, side, 48, 4, LANES, 1, Long.MAX_VALUE);
  }
}
