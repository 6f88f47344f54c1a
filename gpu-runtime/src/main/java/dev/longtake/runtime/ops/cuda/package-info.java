/**
 * Operations on an NVIDIA GPU. Here belong the launchers of our kernels, one class for each file of
 * CUDA source, and the choice between them and the libraries; driver and libraries themselves are
 * in the {@code cuda} package.
 */
@NullMarked
package dev.longtake.runtime.ops.cuda;

import org.jspecify.annotations.NullMarked;
