/**
 * From clips to fragments in the work store, on the devices of a worker. What a take leaves there,
 * and how it is found again.
 */
@NullMarked
package dev.longtake.transforms.render;

import org.jspecify.annotations.NullMarked;
