/** What flows between transforms: small, immutable, locations instead of media. */
@NullMarked
package dev.longtake.pipeline.element;

import org.jspecify.annotations.NullMarked;
