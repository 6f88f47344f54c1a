package dev.longtake.runtime.strategy.offload;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.CacheUse.Kind;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.KeyWindow;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory on the device for one layer's caches of one take and step.
 *
 * <p>Tokens lie as they do where the caches are kept: in the same order, and in packed caches at
 * the same place within their group, so that whole groups can be copied, and attention adds up in
 * the same order.
 *
 * @param keyValues for a window, or for all copies of the conditions
 * @param text as in {@link LayerCaches}, {@code referenceKeys} likewise
 */
record StagedCaches(KvCache keyValues, Tensor referenceKeys, KvRun text) {
  /** Takes memory for the largest step. */
  static StagedCaches allocate(ModelShape shape, Ops ops, Arena arena) {
    DitConfig config = shape.dit();
    int conditions = shape.grid().conditionTokens();
    int window = shape.clipLatentFrames() * shape.grid().frameTokens() + conditions;
    int copies = (shape.steps() + 1) / 2;
    int tokens = Math.max(window, copies * stride(conditions)) + KvCache.GROUP_TOKENS;
    return new StagedCaches(
        KvCache.allocate(arena, ops.cacheType(), tokens, config.heads(), config.headWidth()),
        arena.tensor(
            ops.activationType(), shape.grid().frameTokens(), config.heads(), config.headWidth()),
        KvCache.allocate(
                arena,
                ops.activationType(),
                config.textTokens(),
                config.heads(),
                config.headWidth())
            .all());
  }

  /** Returns how far apart copies of the conditions begin: in groups of their own. */
  private static int stride(int conditions) {
    int groups = (conditions + KvCache.GROUP_TOKENS - 1) / KvCache.GROUP_TOKENS;
    return (groups + 1) * KvCache.GROUP_TOKENS;
  }

  /** Returns what a forward sees instead of {@code kept}. */
  LayerCaches like(LayerCaches kept, CacheUse use) {
    if (use.kind() == Kind.DENOISE) {
      KeyWindow window = kept.window();
      return new LayerCaches(
          new KeyWindow(at(0, window.tokens()), window.firstCondition(), window.conditionTokens()),
          referenceKeys,
          List.of(),
          text);
    }
    KvRun conditions = kept.window().conditions();
    List<KvRun> copies = new ArrayList<>();
    for (KvRun copy : kept.conditionCopies()) {
      copies.add(at((copies.size() + 1) * stride(conditions.count()), copy));
    }
    return new LayerCaches(
        KeyWindow.ringBehind(at(0, conditions), conditions.count()), referenceKeys, copies, text);
  }

  private KvRun at(int firstToken, KvRun kept) {
    return keyValues.run(firstToken + kept.first() % KvCache.GROUP_TOKENS, kept.count());
  }
}
