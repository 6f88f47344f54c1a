/**
 * The reference implementation of {@code Ops}: fp32 in host memory, matrix products by OpenBLAS,
 * everything else by Java threads.
 *
 * <p>Work is cut into tasks by shapes alone, never by the number of threads, so that results are
 * bit-identical on any number of them.
 */
@NullMarked
package dev.longtake.runtime.ops.cpu;

import org.jspecify.annotations.NullMarked;
