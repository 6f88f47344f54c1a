/**
 * The engine's plug-in interfaces: where weights and caches are kept, and who carries forwards out.
 * The models know nothing of it.
 */
@NullMarked
package dev.longtake.runtime.spi;

import org.jspecify.annotations.NullMarked;
