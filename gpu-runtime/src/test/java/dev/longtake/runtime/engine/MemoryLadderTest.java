package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.GpuTeam;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.weights.Checkpoint;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Engines whose device refuses memory that was planned to be there. */
class MemoryLadderTest {
  private static final Path CHECKPOINT = Path.of("../examples/demo/checkpoint");
  private static final int SIDE = 64;

  /**
   * A device that refuses some of the calls that take memory, counted from 1.
   *
   * @param refuses which of them
   * @param taken how many there were
   * @param open how much of what they gave is not closed
   */
  private record Stingy(IntPredicate refuses, AtomicInteger taken, AtomicInteger open) {
    private static final Set<String> TAKING =
        Set.of(
            "reserve", "reserveHost", "reserveSharedHost", "openOps", "openQueues", "openReadback");

    Stingy(IntPredicate refuses) {
      this(refuses, new AtomicInteger(), new AtomicInteger());
    }

    ComputeDevice device() {
      return around(DeviceChoice.of("cpu", Precision.FP32, Precision.FP32).open(1));
    }

    ComputeDevice around(ComputeDevice real) {
      return proxy(
          ComputeDevice.class,
          real,
          (name, call) -> {
            if (!TAKING.contains(name) || call.isOfNothing()) {
              return call.result();
            }
            if (refuses.test(taken.incrementAndGet())) {
              throw new LongtakeException(
                  name.endsWith("Host") ? ErrorCode.OUT_OF_HOST_MEMORY : ErrorCode.OUT_OF_MEMORY,
                  name + " was refused");
            }
            return counted(name, call.result());
          });
    }

    /** Counts memory itself; what else is opened is closed by the same code. */
    private Object counted(String name, Object given) throws Throwable {
      if (!name.startsWith("reserve")) {
        return given;
      }
      open.incrementAndGet();
      return proxy(
          OwnedBlock.class,
          (OwnedBlock) given,
          (method, call) -> {
            if (method.equals("close")) {
              open.decrementAndGet();
            }
            return call.result();
          });
    }
  }

  private static final class Call {
    private final Object real;
    private final Method method;
    private final Object @Nullable [] arguments;

    Call(Object real, Method method, Object @Nullable [] arguments) {
      this.real = real;
      this.method = method;
      this.arguments = arguments;
    }

    /** Returns whether no bytes at all are asked for. */
    boolean isOfNothing() {
      return arguments != null && arguments.length == 1 && arguments[0].equals(0L);
    }

    Object result() throws Throwable {
      try {
        return method.invoke(real, arguments);
      } catch (InvocationTargetException e) {
        throw e.getCause();
      }
    }
  }

  private interface Around {
    Object call(String name, Call call) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, T real, Around around) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                around.call(method.getName(), new Call(real, method, arguments))));
  }

  /** Refuses the n-th call that takes memory, for every n there is. */
  @ParameterizedTest
  @CsvSource({"auto, 2", "offload, 2"})
  void anyRefusalIsAStepDownThatChangesNoPixel(String strategy, int lanes) throws Exception {
    Stingy generous = new Stingy(call -> false);
    EngineConfig config;
    Rendered expected;
    try (LongtakeEngine engine = open(config("resident", lanes, Long.MAX_VALUE), generous)) {
      // With offload, something has to move.
      long budgetBytes = strategy.equals("auto") ? Long.MAX_VALUE : leastBytes(engine, lanes) - 1;
      config = config(strategy, lanes, budgetBytes);
      expected = Rendered.take(engine, 7, 1);
    }
    int n = 1;
    for (boolean refused = true; refused; n++) {
      int call = n;
      Stingy stingy = new Stingy(taken -> taken == call);
      try (LongtakeEngine engine = open(config, stingy)) {
        refused = stingy.taken().get() >= call;
        assertThat(engine.choice().reason().contains("stepped down: ")).isEqualTo(refused);
        Rendered.requireSameBits(engine, List.of(expected));
      }
      assertThat(stingy.open()).as("call %s", n).hasValue(0);
    }
    assertThat(n).as("calls that take memory").isGreaterThanOrEqualTo(5);
  }

  /** Refuses the n-th call that takes memory on any of several devices that work together. */
  @ParameterizedTest
  @CsvSource({"tpp, 1", "sharded, 2"})
  void anyRefusalOnOneOfSeveralDevicesChangesNoPixel(String strategy, int ulyssesSize)
      throws Exception {
    EngineConfig config =
        config(strategy, 1, Long.MAX_VALUE)
            .on("cpu:0,cpu:1", 1)
            .withTeam(new GpuTeam(1, false, ulyssesSize));
    Rendered expected;
    try (OpenEngine engine = openAll(config, new Stingy(call -> false))) {
      expected = Rendered.take(engine, 7, 1);
    }
    int n = 1;
    for (boolean refused = true; refused; n++) {
      int call = n;
      Stingy stingy = new Stingy(taken -> taken == call);
      try (OpenEngine engine = openAll(config, stingy)) {
        refused = stingy.taken().get() >= call;
        assertThat(engine.choice().reason().contains("stepped down: ")).isEqualTo(refused);
        Rendered.requireSameBits(engine, List.of(expected));
      }
      assertThat(stingy.open()).as("call %s", n).hasValue(0);
    }
    assertThat(n).as("calls that take memory").isGreaterThanOrEqualTo(6);
  }

  /**
   * The demo model leaves nothing to step down to where each device keeps its part of the layers.
   */
  @Test
  void refusesWithTheNumbersIfOneOfSeveralDevicesDoes() {
    EngineConfig config = config("sharded", 2, Long.MAX_VALUE).on("cpu:0,cpu:1", 2);
    Stingy stingy = new Stingy(call -> call == 2);

    assertThatThrownBy(() -> openAll(config, stingy))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PLAN_DOES_NOT_FIT))
        .hasMessageContaining("Before that: the device refused sharded with 1 lane");
    assertThat(stingy.open()).hasValue(0);
  }

  private static OpenEngine openAll(EngineConfig config, Stingy stingy) {
    ModelSource source = ModelSource.of(Checkpoint.open(CHECKPOINT), "demo");
    return Engines.open(config, source, stingy::around);
  }

  private static long leastBytes(LongtakeEngine engine, int lanes) {
    return engine
        .planner()
        .plan(ExecutionStrategies.named("resident"), lanes, 1, Long.MAX_VALUE)
        .memory()
        .totalBytes();
  }

  @Test
  void refusesWithTheNumbersIfEverythingIsRefused() {
    Stingy stingy = new Stingy(call -> true);

    assertThatThrownBy(() -> open(config("auto", 2, Long.MAX_VALUE), stingy))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PLAN_DOES_NOT_FIT))
        .hasMessageContaining("GiB")
        .hasMessageContaining("Before that: the device refused resident with 2 lanes");
    assertThat(stingy.open()).hasValue(0);
  }

  private static LongtakeEngine open(EngineConfig config, Stingy stingy) {
    ModelSource source = ModelSource.of(Checkpoint.open(CHECKPOINT), "demo");
    return LongtakeEngine.open(config, source, stingy::device);
  }

  private static EngineConfig config(String strategy, int lanes, long budgetBytes) {
    return new EngineConfig(
        CHECKPOINT.toString(),
        "cpu",
        strategy,
        Precision.FP32,
        SIDE,
        SIDE,
        12,
        2,
        lanes,
        2,
        budgetBytes);
  }
}
