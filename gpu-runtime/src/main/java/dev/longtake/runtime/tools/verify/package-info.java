/** Recomputes what a golden bundle says the official code computes, case by case. */
@NullMarked
package dev.longtake.runtime.tools.verify;

import org.jspecify.annotations.NullMarked;
