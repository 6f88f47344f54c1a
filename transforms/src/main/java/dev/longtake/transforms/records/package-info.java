/** What the work store says of finished takes and videos, as JSON. */
@NullMarked
package dev.longtake.transforms.records;

import org.jspecify.annotations.NullMarked;
