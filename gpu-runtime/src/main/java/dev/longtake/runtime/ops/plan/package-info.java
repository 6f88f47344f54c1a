/** Operations that compute nothing: what a model needs is found by running it on them. */
@NullMarked
package dev.longtake.runtime.ops.plan;

import org.jspecify.annotations.NullMarked;
