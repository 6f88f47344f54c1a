/** From fragments to published videos. */
@NullMarked
package dev.longtake.transforms.stitch;

import org.jspecify.annotations.NullMarked;
