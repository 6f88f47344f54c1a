/** The arithmetic the models are written in, and its implementations. Knows no model. */
@NullMarked
package dev.longtake.runtime.ops;

import org.jspecify.annotations.NullMarked;
