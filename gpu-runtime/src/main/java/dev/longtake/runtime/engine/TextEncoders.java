package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.ModelSource.Tokenizer;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.model.t5.PromptText;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.ops.Ops;
import org.jspecify.annotations.Nullable;

/** The text encoder of an engine, wherever its plan has placed it. */
final class TextEncoders {
  private final EngineShape shape;
  private final ModelSource source;
  private final Ops ops;
  private final TextPlacement placement;
  private final Tokenizer tokenizer;
  private final @Nullable T5Encoder resident;

  private TextEncoders(
      EngineShape shape,
      ModelSource source,
      Ops ops,
      TextPlacement placement,
      Block own,
      Tokenizer tokenizer) {
    this.shape = shape;
    this.source = source;
    this.ops = ops;
    this.placement = placement;
    this.tokenizer = tokenizer;
    this.resident = placement == TextPlacement.RESIDENT ? load(own) : null;
  }

  /**
   * Loads the encoder, if it is to stay.
   *
   * @param ops of the device that encodes
   * @param own memory of an encoder that stays
   * @param resources gets what has to be closed
   */
  static TextEncoders open(
      EngineShape shape,
      ModelSource source,
      Ops ops,
      TextPlacement placement,
      Block own,
      Resources resources) {
    Tokenizer tokenizer = resources.add(source.openTokenizer(shape.model().dit().textTokens()));
    return new TextEncoders(shape, source, ops, placement, own, tokenizer);
  }

  /** Returns a prompt's tokens. */
  int[] tokens(String prompt) {
    return tokenizer.encode(PromptText.clean(prompt));
  }

  /** Returns the encoder that stays; null where one has to visit a free lane. */
  @Nullable T5Encoder resident() {
    return resident;
  }

  /**
   * Returns an encoder for one prompt, in the memory of a free lane.
   *
   * @param memory overwritten now and while encoding
   */
  T5Encoder visiting(Block memory) {
    return placement == TextPlacement.GUEST
        ? load(memory)
        : ModelStack.streamTextEncoder(
            shape, source.tokenEmbedding(), source::reader, ops, arena(memory));
  }

  private T5Encoder load(Block memory) {
    return ModelStack.loadTextEncoder(
        shape, source.tokenEmbedding(), source::reader, ops, arena(memory));
  }

  private static Arena arena(Block memory) {
    return new Arena("text encoder", memory);
  }
}
