/** Noise levels, the step between them, and random numbers. Plain numbers, no tensors. */
@NullMarked
package dev.longtake.runtime.sampling;

import org.jspecify.annotations.NullMarked;
