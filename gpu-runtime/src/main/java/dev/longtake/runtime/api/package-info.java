/**
 * All that other modules see of the engine: opening it, rendering takes, and its failures.
 *
 * <p>Nothing here touches a device, a file or a tensor.
 */
@NullMarked
package dev.longtake.runtime.api;

import org.jspecify.annotations.NullMarked;
