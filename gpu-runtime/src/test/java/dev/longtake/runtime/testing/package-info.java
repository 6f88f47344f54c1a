/** What tests of several modules measure with. */
@NullMarked
package dev.longtake.runtime.testing;

import org.jspecify.annotations.NullMarked;
