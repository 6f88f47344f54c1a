/**
 * Reference pictures: what size a video gets from one, and bringing it to that size.
 *
 * <p>Works on decoded pixels. Reading picture files, and turning pictures by their EXIF tag, is the
 * caller's part. Knows no device.
 */
@NullMarked
package dev.longtake.runtime.model.picture;

import org.jspecify.annotations.NullMarked;
