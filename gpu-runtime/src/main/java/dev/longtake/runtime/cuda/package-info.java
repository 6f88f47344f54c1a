/**
 * The only door to the GPU: the driver through JCuda, and cuBLASLt, cuDNN and NVML through JNA.
 *
 * <p>Whatever owns something on the device is {@link java.lang.AutoCloseable}; everything else is a
 * view. Every call's result is checked, and a failure is a {@link
 * dev.longtake.runtime.cuda.CudaException} that names the call, its arguments and the GPU. Knows no
 * tensors and no model.
 */
@NullMarked
package dev.longtake.runtime.cuda;

import org.jspecify.annotations.NullMarked;
