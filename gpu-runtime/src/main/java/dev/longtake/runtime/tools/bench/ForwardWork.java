package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.engine.EngineShape;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.spi.ModelShape;

/**
 * What one forward with a full window multiplies and adds, leaving out what takes no time: norms,
 * embeddings, the sound's few tokens.
 *
 * @param tokens of the frame block
 * @param keys that they attend to: ring and conditions
 * @param squares products [tokens, E] · [E, E]
 * @param ffns feed-forward networks, each E to F and back
 */
record ForwardWork(DitConfig dit, int tokens, int keys, int squares, int ffns) {
  // q, k, v, o of the self-attention; q and o of the cross-attention, whose k and v are kept.
  private static final int SQUARES_PER_LAYER = 6;
  private static final int SQUARES_PER_INJECTOR = 2;
  private static final double FLOPS_PER_PRODUCT = 2;

  static ForwardWork of(EngineShape shape) {
    ModelShape model = shape.model();
    DitConfig dit = model.dit();
    int injectors = dit.audioLayers().size();
    return new ForwardWork(
        dit,
        model.grid().blockTokens(),
        model.clipLatentFrames() * model.grid().frameTokens() + model.grid().conditionTokens(),
        SQUARES_PER_LAYER * dit.layers() + SQUARES_PER_INJECTOR * injectors,
        dit.layers());
  }

  /** Returns the floating-point operations of all linear maps. */
  double gemmFlops() {
    double width = dit.width();
    double perToken = squares * width * width + 2 * ffns * width * dit.ffnWidth();
    return FLOPS_PER_PRODUCT * tokens * perToken;
  }

  /** Returns the floating-point operations of the attentions over window and prompt. */
  double attentionFlops() {
    double attended = (double) keys + dit.textTokens();
    return 2 * FLOPS_PER_PRODUCT * dit.layers() * tokens * attended * dit.width();
  }
}
