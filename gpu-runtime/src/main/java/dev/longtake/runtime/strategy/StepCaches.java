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
    return allocate(shape, 0, shape.steps(), heads, ops, arena);
  }

  /**
   * Takes memory for one layer's caches in some of the steps, and returns them for each. They lie
   * around the conditions as those of all steps would, so that attention adds up in the same order.
   *
   * @param firstStep of those, {@code endStep} the one behind the last
   */
  public static List<LayerCaches> allocate(
      ModelShape shape, int firstStep, int endStep, int heads, Ops ops, Arena arena) {
    Types types = new Types(ops.activationType(), ops.cacheType());
    DitConfig config = shape.dit();
    int headWidth = config.headWidth();
    KvRun text =
        KvCache.allocate(arena, types.plain(), config.textTokens(), config.heads(), headWidth)
            .all();
    Tensor reference = arena.tensor(types.plain(), shape.grid().frameTokens(), heads, headWidth);
    List<List<KeyWindow>> pairs = new ArrayList<>();
    for (int even = firstStep / 2 * 2; even < endStep; even += 2) {
      boolean hasEven = even >= firstStep;
      boolean hasOdd = even + 1 < endStep;
      pairs.add(pair(shape, hasEven, hasOdd, heads, types.window(), arena));
    }
    return pairs.stream()
        .flatMap(
            pair ->
                pair.stream()
                    .map(
                        window ->
                            new LayerCaches(window, reference, otherCopies(pairs, pair), text)))
        .toList();
  }

  /** Returns the conditions that other pairs of steps have between their rings. */
  private static List<KvRun> otherCopies(List<List<KeyWindow>> pairs, List<KeyWindow> own) {
    return pairs.stream()
        .filter(pair -> pair != own)
        .map(pair -> pair.get(0).conditions())
        .toList();
  }

  /** Takes memory for the windows of a pair of steps, or of one of the two. */
  private static List<KeyWindow> pair(
      ModelShape shape, boolean hasEven, boolean hasOdd, int heads, DType dtype, Arena arena) {
    int conditions = shape.grid().conditionTokens();
    int ring = shape.clipLatentFrames() * shape.grid().frameTokens();
    int before = hasEven ? ring : ring % KvCache.GROUP_TOKENS; // the same place within a group
    int behind = hasOdd ? ring : 0;
    int tokens = before + conditions + behind;
    KvRun all = KvCache.allocate(arena, dtype, tokens, heads, shape.dit().headWidth()).all();
    List<KeyWindow> windows = new ArrayList<>();
    if (hasEven) {
      windows.add(KeyWindow.ringBefore(all.part(0, ring + conditions), conditions));
    }
    if (hasOdd) {
      windows.add(KeyWindow.ringBehind(all.part(before, conditions + ring), conditions));
    }
    return windows;
  }

  /** What a prompt's and the reference's keys are kept in, and what those of windows are. */
  private record Types(DType plain, DType window) {}
}
