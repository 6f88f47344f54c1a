package dev.longtake.runtime.engine;

import dev.longtake.runtime.memory.Arena;

/**
 * The memory of one take in progress; taken once, when the engine opens, and used by one take after
 * another.
 */
record Lane(DenoiseLane denoising, DecodeLane decoding) {
  static Lane allocate(ModelStack stack, Arena arena, Arena host) {
    return new Lane(
        DenoiseLane.allocate(stack.transformer(), arena, host),
        DecodeLane.allocate(stack.media(), arena));
  }
}
