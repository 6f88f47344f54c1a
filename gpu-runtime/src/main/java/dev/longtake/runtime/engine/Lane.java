package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one take in progress; taken once, when the engine opens, and used by one take after
 * another.
 *
 * @param decoding null if another device decodes
 */
record Lane(DenoiseLane denoising, @Nullable DecodeLane decoding) {
  static Lane allocate(ModelStack stack, Arena arena, Arena host) {
    return new Lane(
        DenoiseLane.allocate(stack.transformer(), arena, host),
        stack.decoding() == null ? null : DecodeLane.allocate(stack.media(), arena));
  }
}
