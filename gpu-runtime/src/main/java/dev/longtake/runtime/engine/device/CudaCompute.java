package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.cuda.AlgorithmChoice;
import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaDevice;
import dev.longtake.runtime.cuda.NativeLibraries;
import dev.longtake.runtime.engine.forecast.DeviceSpeed;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.DeviceBlock;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.memory.PinnedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.cuda.CudaOps;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/**
 * An NVIDIA GPU, in bf16 but for the models that need more.
 *
 * @param layerType of the matrices of the transformer's layers: bf16 or FP8
 * @param cacheType of cached keys and values: bf16 or FP8
 */
record CudaCompute(CudaContext context, DType layerType, DType cacheType) implements GpuDevice {
  static CudaCompute open(CudaDevice device, DType layerType, DType cacheType) {
    return new CudaCompute(CudaContext.open(device), layerType, cacheType);
  }

  @Override
  public String description() {
    CudaDevice device = context.device();
    return "%s (cuda:%d)".formatted(device.name(), device.ordinal());
  }

  @Override
  public boolean computesIn(Precision precision) {
    return precision == Precision.BF16
        || (precision == Precision.FP8 && DeviceChoice.hasFp8(context.device()));
  }

  @Override
  public ComputeDevice in(Precision precision, Precision kvPrecision) {
    return new CudaCompute(
        context, DeviceChoice.typeOf(precision), DeviceChoice.typeOf(kvPrecision));
  }

  @Override
  public DeviceSpeed speed() {
    return GpuSpeed.of(context.device());
  }

  @Override
  public long availableBytes() {
    return Math.max(0, context.freeBytes() - DRIVER_BYTES);
  }

  @Override
  public long availableHostBytes() {
    return HostMemory.availableBytes();
  }

  @Override
  public long usedBytes() {
    return context.device().totalBytes() - context.freeBytes();
  }

  @Override
  public void makeCurrent() {
    context.makeCurrent();
  }

  @Override
  public OwnedBlock reserve(long bytes) {
    return DeviceBlock.reserve(context, bytes);
  }

  @Override
  public OwnedBlock reserveHost(long bytes) {
    return bytes == 0 ? HostBlock.reserve(0) : PinnedBlock.reserve(context, bytes);
  }

  /** Pinned for all contexts; retains this one, which it would otherwise be unpinned with. */
  @Override
  public OwnedBlock reserveSharedHost(long bytes) {
    CudaContext own = CudaContext.open(context.device());
    try {
      return new LastingBlock(PinnedBlock.reserve(own, bytes), own);
    } catch (RuntimeException | Error e) {
      own.close();
      throw e;
    }
  }

  @Override
  public DeviceQueues openQueues(Ops ops) {
    return CudaQueues.open(context, ((CudaOps) ops).stream());
  }

  /** Algorithms are the libraries' first proposals, so that results are the same in every run. */
  @Override
  public Ops openOps(Block workspace) {
    return CudaOps.open(
        context, new NativeLibraries(null), AlgorithmChoice.FIRST, cacheType, workspace);
  }

  @Override
  public Readback openReadback(Ops ops, int slots, int elements) {
    return CudaReadback.open(context, ((CudaOps) ops).stream(), slots, elements);
  }

  @Override
  public Timeline openTimeline(Ops ops) {
    return new CudaTimeline(context, ((CudaOps) ops).stream());
  }

  @Override
  public void close() {
    context.close();
  }

  /** A block with the context that it needs. */
  private record LastingBlock(OwnedBlock block, CudaContext context) implements OwnedBlock {
    @Override
    public long capacityBytes() {
      return block.capacityBytes();
    }

    @Override
    public Tensor tensor(long offsetBytes, DType dtype, Shape shape) {
      return block.tensor(offsetBytes, dtype, shape);
    }

    @Override
    public Block part(long offsetBytes, long partBytes) {
      return block.part(offsetBytes, partBytes);
    }

    @Override
    public void close() {
      block.close();
      context.close();
    }
  }
}
