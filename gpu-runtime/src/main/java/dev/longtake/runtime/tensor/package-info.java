/** Shapes, element types and how they round, and views of memory. Owns nothing. */
@NullMarked
package dev.longtake.runtime.tensor;

import org.jspecify.annotations.NullMarked;
