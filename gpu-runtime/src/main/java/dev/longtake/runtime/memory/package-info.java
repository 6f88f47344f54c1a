/** Blocks of memory, and arenas that hand out tensors from them. Knows no model. */
@NullMarked
package dev.longtake.runtime.memory;

import org.jspecify.annotations.NullMarked;
