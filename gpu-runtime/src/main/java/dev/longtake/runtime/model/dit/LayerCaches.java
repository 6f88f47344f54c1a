package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;

/**
 * What one layer keeps of one take: keys and values that later forwards attend to.
 *
 * @param window what a forward of one denoising step attends to: conditions and a ring
 * @param referenceKeys activation type [frame tokens, N, D], of the reference before RoPE, because
 *     the reference moves; shared by all steps
 * @param conditionCopies where the conditions must be written as well, because other steps' windows
 *     have them there; not those of {@code window}
 * @param text of the prompt's tokens, plain, shared by all steps
 */
public record LayerCaches(
    KeyWindow window, Tensor referenceKeys, List<KvRun> conditionCopies, KvRun text) {
  /** Copies the list. */
  public LayerCaches {
    conditionCopies = List.copyOf(conditionCopies);
  }
}
