/** What tests of other modules use too. */
@NullMarked
package dev.longtake.pipeline.testing;

import org.jspecify.annotations.NullMarked;
