package dev.longtake.runtime.engine.forecast;

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
public record ForwardWork(DitConfig dit, int tokens, int keys, int squares, int ffns) {
  // q, k, v, o of the self-attention; q and o of the cross-attention, whose k and v are kept.
  private static final int SQUARES_PER_LAYER = 6;
  private static final int SQUARES_PER_INJECTOR = 2;
  private static final double FLOPS_PER_PRODUCT = 2;

  /**
   * Bytes a token, channel and layer. Counted backwards: what a forward takes on an H200 beside its
   * products and attention is 19 to 28 ms in bf16 and FP8, at 4100 GB/s.
   */
  private static final double OTHER_BYTES = 140;

  /** Returns the work of a model's forward. */
  public static ForwardWork of(ModelShape model) {
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
  public double gemmFlops() {
    double width = dit.width();
    double perToken = squares * width * width + 2 * ffns * width * dit.ffnWidth();
    return FLOPS_PER_PRODUCT * tokens * perToken;
  }

  /** Returns the floating-point operations of the attentions over window and prompt. */
  public double attentionFlops() {
    double attended = (double) keys + dit.textTokens();
    return 2 * FLOPS_PER_PRODUCT * dit.layers() * tokens * attended * dit.width();
  }

  /** Returns the bytes that everything else reads and writes, about; see {@link #OTHER_BYTES}. */
  double otherBytes() {
    return OTHER_BYTES * dit.layers() * tokens * dit.width();
  }
}
