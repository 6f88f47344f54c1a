package dev.longtake.runtime.strategy;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.KeyWindow;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * How one layer's caches of all steps lie in memory, on a device or not.
 *
 * <p>Every window is one run of memory, which attention needs. Two steps share the conditions
 * between their rings: {@code [ring of step 0 | conditions | ring of step 1]}, then the same for
 * steps 2 and 3. So there is one copy of the conditions for every two steps. One for every step
 * would take 6.8 GB more than a single one at the official model's full size, and joining rings and
 * a single one for every forward would move 27 GB, 4 % of its time; this takes 2.3 GB more, and
 * moves 2.3 GB when the conditions change, which is twice a take.
 */
public final class StepCaches {
  private StepCaches() {}

  /**
   * Takes memory for one layer's caches, and returns them for each step.
   *
   * @param heads that windows have; the prompt's keys and values have all
   * @param ops whose types the caches have
   * @param arena of any memory
   */
  public static List<LayerCaches> allocate(ModelShape shape, int heads, Ops ops, Arena arena) {
    Types types = new Types(ops.activationType(), ops.cacheType());
    DitConfig config = shape.dit();
    int headWidth = config.headWidth();
    KvRun text =
        KvCache.allocate(arena, types.plain(), config.textTokens(), config.heads(), headWidth)
            .all();
    Tensor reference = arena.tensor(types.plain(), shape.grid().frameTokens(), heads, headWidth);
    List<KeyWindow> windows = windows(shape, heads, types.window(), arena);
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

  private static List<KeyWindow> windows(ModelShape shape, int heads, DType dtype, Arena arena) {
    int conditions = shape.grid().conditionTokens();
    int ring = shape.clipLatentFrames() * shape.grid().frameTokens();
    List<KeyWindow> windows = new ArrayList<>();
    while (windows.size() < shape.steps()) {
      int rings = Math.min(2, shape.steps() - windows.size());
      int tokens = rings * ring + conditions;
      KvRun pair = KvCache.allocate(arena, dtype, tokens, heads, shape.dit().headWidth()).all();
      windows.add(KeyWindow.ringBefore(pair.part(0, ring + conditions), conditions));
      if (rings == 2) {
        windows.add(KeyWindow.ringBehind(pair.part(ring, conditions + ring), conditions));
      }
    }
    return windows;
  }

  /** What a prompt's and the reference's keys are kept in, and what those of windows are. */
  private record Types(DType plain, DType window) {}
}
