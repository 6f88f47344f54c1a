/** Measures the engine's speed. */
@NullMarked
package dev.longtake.runtime.tools.bench;

import org.jspecify.annotations.NullMarked;
