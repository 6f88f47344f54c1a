package dev.longtake.runtime.strategy.resident;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.model.dit.TokenGrid;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResidentCachesTest {
  private static final DitConfig CONFIG =
      new DitConfig(8, 2, 2, 16, 4, 8, 8, 4, 8, 2, 2, List.of(0), 1e-6f);
  private static final TokenGrid GRID = new TokenGrid(8, 8);
  private static final int RING = 6 * GRID.frameTokens();
  private static final int CONDITIONS = GRID.conditionTokens();

  // Every token is given a number of its own; a window must show its conditions and its own ring
  // only, and what is in use must be one run of memory.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void stepsShareConditionsAndNothingElse(int steps) {
    try (HostBlock memory = HostBlock.reserve(64 << 20)) {
      ResidentCaches caches = allocate(steps, memory);
      for (int step = 0; step < steps; step++) {
        mark(caches.acquire(step, 0, CacheUse.look()).window().ring(0, RING), 100 * (step + 1));
      }
      LayerCaches first = caches.acquire(0, 0, CacheUse.look());
      mark(first.window().conditions(), 7);
      for (KvRun copy : first.conditionCopies()) {
        mark(copy, 7);
      }

      for (int step = 0; step < steps; step++) {
        KvRun seen = caches.acquire(step, 0, CacheUse.look()).window().inUse(RING);
        assertThat(seen.count()).isEqualTo(CONDITIONS + RING);
        assertThat(valuesOf(seen.keys())).containsExactly(7f, 100f * (step + 1));
        assertThat(valuesOf(seen.values())).containsExactly(-100f * (step + 1), -7f);
      }
    }
  }

  @Test
  void ringFillsUpFromTheConditionsOutwards() {
    try (HostBlock memory = HostBlock.reserve(64 << 20)) {
      ResidentCaches caches = allocate(2, memory);
      int block = 3 * GRID.frameTokens();
      for (int step = 0; step < 2; step++) {
        LayerCaches layer = caches.acquire(step, 1, CacheUse.look());
        mark(layer.window().ring(0, RING), 9);
        mark(layer.window().conditions(), 1);
        mark(layer.window().ring(0, block), 2);

        assertThat(valuesOf(layer.window().inUse(block).keys())).containsExactly(1f, 2f);
        mark(layer.window().ring(block, block), 3);
        assertThat(valuesOf(layer.window().inUse(RING).keys())).containsExactly(1f, 2f, 3f);
      }
    }
  }

  @Test
  void everyOtherPairOfStepsHasACopyOfTheConditions() {
    try (HostBlock memory = HostBlock.reserve(64 << 20)) {
      ResidentCaches caches = allocate(5, memory);
      for (int step = 0; step < 5; step++) {
        List<KvRun> all =
            new ArrayList<>(caches.acquire(step, 0, CacheUse.look()).conditionCopies());
        all.add(caches.acquire(step, 0, CacheUse.look()).window().conditions());
        assertThat(all).hasSize(3);
      }
    }
  }

  private static ResidentCaches allocate(int steps, HostBlock memory) {
    ModelShape shape = new ModelShape(CONFIG, GRID, 6, steps);
    return ResidentCaches.allocate(
        shape, shape.dit().heads(), new PlanningOps(DType.FP32), new Arena("caches", memory));
  }

  private static void mark(KvRun tokens, float value) {
    fill(tokens.keys(), value);
    fill(tokens.values(), -value);
  }

  private static void fill(Tensor tensor, float value) {
    HostTensor host = HostTensor.of(tensor);
    for (int i = 0; i < host.values().capacity(); i++) {
      host.values().put(i, value);
    }
  }

  private static Set<Float> valuesOf(Tensor tensor) {
    HostTensor host = HostTensor.of(tensor);
    Set<Float> found = new TreeSet<>();
    for (int i = 0; i < host.values().capacity(); i++) {
      found.add(host.values().get(i));
    }
    return found;
  }
}
