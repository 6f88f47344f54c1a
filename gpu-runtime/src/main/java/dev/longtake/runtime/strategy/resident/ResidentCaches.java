package dev.longtake.runtime.strategy.resident;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.KeyWindow;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A take's caches, all of them on the device.
 *
 * <p>Every window is one run of memory, which attention needs. Two steps share the conditions
 * between their rings: {@code [ring of step 0 | conditions | ring of step 1]}, then the same for
 * steps 2 and 3. So there is one copy of the conditions for every two steps. One for every step
 * would take 6.8 GB more than a single one at the official model's full size, and joining rings and
 * a single one for every forward would move 27 GB, 4 % of its time; this takes 2.3 GB more, and
 * moves 2.3 GB when the conditions change, which is twice a take.
 */
record ResidentCaches(List<List<LayerCaches>> steps) implements KvStore {
  /**
   * Takes memory for the caches.
   *
   * @param ops whose types the caches have
   */
  static ResidentCaches allocate(ModelShape shape, Ops ops, Arena arena) {
    Types types = new Types(ops.activationType(), ops.cacheType());
    List<List<LayerCaches>> steps = new ArrayList<>();
    for (int step = 0; step < shape.steps(); step++) {
      steps.add(new ArrayList<>());
    }
    for (int layer = 0; layer < shape.dit().layers(); layer++) {
      List<LayerCaches> ofLayer = layer(shape, types, arena);
      for (int step = 0; step < shape.steps(); step++) {
        steps.get(step).add(ofLayer.get(step));
      }
    }
    return new ResidentCaches(steps.stream().map(List::copyOf).toList());
  }

  /** Returns one layer's caches for each step. */
  private static List<LayerCaches> layer(ModelShape shape, Types types, Arena arena) {
    DitConfig config = shape.dit();
    KvRun text = allocate(arena, types.plain(), config, config.textTokens());
    Tensor reference =
        arena.tensor(types.plain(), shape.grid().frameTokens(), config.heads(), config.headWidth());
    List<KeyWindow> windows = windows(shape, types.window(), arena);
    List<LayerCaches> steps = new ArrayList<>();
    for (int step = 0; step < windows.size(); step++) {
      steps.add(new LayerCaches(windows.get(step), reference, otherCopies(windows, step), text));
    }
    return steps;
  }

  /** Returns the conditions that other pairs of steps have between their rings. */
  private static List<KvRun> otherCopies(List<KeyWindow> windows, int step) {
    List<KvRun> copies = new ArrayList<>();
    for (int first = 0; first < windows.size(); first += 2) {
      if (first / 2 != step / 2) {
        copies.add(windows.get(first).conditions());
      }
    }
    return copies;
  }

  private static List<KeyWindow> windows(ModelShape shape, DType dtype, Arena arena) {
    int conditions = shape.grid().conditionTokens();
    int ring = shape.clipLatentFrames() * shape.grid().frameTokens();
    List<KeyWindow> windows = new ArrayList<>();
    while (windows.size() < shape.steps()) {
      int rings = Math.min(2, shape.steps() - windows.size());
      KvRun pair = allocate(arena, dtype, shape.dit(), rings * ring + conditions);
      windows.add(KeyWindow.ringBefore(pair.part(0, ring + conditions), conditions));
      if (rings == 2) {
        windows.add(KeyWindow.ringBehind(pair.part(ring, conditions + ring), conditions));
      }
    }
    return windows;
  }

  private static KvRun allocate(Arena arena, DType dtype, DitConfig config, int tokens) {
    return KvCache.allocate(arena, dtype, tokens, config.heads(), config.headWidth()).all();
  }

  /** What a prompt's and the reference's keys are kept in, and what those of windows are. */
  private record Types(DType plain, DType window) {}

  @Override
  public LayerCaches layer(int step, int layer) {
    return steps.get(step).get(layer);
  }
}
