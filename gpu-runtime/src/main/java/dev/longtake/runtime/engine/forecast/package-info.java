/** Says how fast an engine will be, before there is one. Knows sizes and speeds, but no device. */
@NullMarked
package dev.longtake.runtime.engine.forecast;

import org.jspecify.annotations.NullMarked;
