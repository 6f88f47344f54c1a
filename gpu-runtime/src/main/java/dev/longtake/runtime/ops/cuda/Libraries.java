package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.cuda.AlgorithmChoice;
import dev.longtake.runtime.cuda.CublasLt;
import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.Cudnn;
import dev.longtake.runtime.cuda.CudnnAttention;
import dev.longtake.runtime.cuda.DeviceMemory;
import dev.longtake.runtime.cuda.NativeLibraries;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * NVIDIA's libraries as far as they are installed: cuBLASLt must be, cuDNN makes attention faster.
 *
 * @param attention null without cuDNN, or with one that is too old
 */
record Libraries(CublasLt products, @Nullable Cudnn cudnn, @Nullable CudnnAttention attention)
    implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Libraries.class);

  /**
   * Loads the libraries; close the result.
   *
   * @param memory of the device, whose {@link ScratchBytes#products} and {@link
   *     ScratchBytes#attentions} they use
   * @throws LongtakeException DEVICE_UNAVAILABLE if cuBLASLt is missing
   */
  static Libraries open(
      CudaContext context, NativeLibraries libraries, AlgorithmChoice choice, Block memory) {
    DeviceMemory productsMemory = all(ScratchBytes.products(memory));
    DeviceMemory attentionMemory = all(ScratchBytes.attentions(memory));
    CublasLt products = CublasLt.open(context, libraries, productsMemory, choice);
    Cudnn cudnn = openCudnn(context, libraries);
    CudnnAttention attention =
        cudnn != null && CudnnAttention.isSupportedBy(cudnn)
            ? new CudnnAttention(cudnn, attentionMemory)
            : null;
    if (attention == null) {
      LOG.warn("Without cuDNN 9.13.1 or newer attention takes about twice its time.");
    }
    return new Libraries(products, cudnn, attention);
  }

  private static @Nullable Cudnn openCudnn(CudaContext context, NativeLibraries libraries) {
    try {
      return Cudnn.open(context, libraries);
    } catch (LongtakeException e) {
      LOG.info("No cuDNN: {}", e.getMessage());
      return null;
    }
  }

  private static DeviceMemory all(Block memory) {
    Shape shape = Shape.of(Math.toIntExact(memory.capacityBytes()));
    return DeviceTensor.of(memory.tensor(0, DType.UINT8, shape)).memory();
  }

  @Override
  public void close() {
    if (attention != null) {
      attention.close();
    }
    if (cudnn != null) {
      cudnn.close();
    }
    products.close();
  }
}
