package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.forecast.DeviceSpeed;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.tensor.DType;

/**
 * A GPU on paper: it is planned for like one that is there, and computes nothing.
 *
 * @param description for people
 * @param precision of the transformer, {@code kvPrecision} of cached keys and values
 * @param memoryBytes all of its memory
 * @param hostBytes that its host has for pinning
 * @param speed as its maker says
 */
public record PaperGpu(
    String description,
    Precision precision,
    Precision kvPrecision,
    long memoryBytes,
    long hostBytes,
    DeviceSpeed speed)
    implements GpuDevice {
  /** What nobody can have of a GPU's memory, beside what our own driver calls take. */
  public static final long RESERVE_BYTES = 512L << 20;

  @Override
  public DType layerType() {
    return DeviceChoice.typeOf(precision);
  }

  @Override
  public DType cacheType() {
    return DeviceChoice.typeOf(kvPrecision);
  }

  @Override
  public boolean computesIn(Precision other) {
    return other == Precision.BF16 || (other == Precision.FP8 && speed.fp8GemmTflops() > 0);
  }

  @Override
  public ComputeDevice in(Precision layers, Precision caches) {
    return new PaperGpu(description, layers, caches, memoryBytes, hostBytes, speed);
  }

  @Override
  public long availableBytes() {
    return Math.max(0, memoryBytes - RESERVE_BYTES - driverBytes(0));
  }

  @Override
  public long availableHostBytes() {
    return hostBytes;
  }

  @Override
  public long usedBytes() {
    return 0;
  }

  @Override
  public void makeCurrent() {}

  @Override
  public OwnedBlock reserve(long bytes) {
    throw onPaper();
  }

  @Override
  public OwnedBlock reserveHost(long bytes) {
    throw onPaper();
  }

  @Override
  public OwnedBlock reserveSharedHost(long bytes) {
    throw onPaper();
  }

  @Override
  public DeviceQueues openQueues(Ops ops) {
    throw onPaper();
  }

  @Override
  public Ops openOps(Block workspace) {
    throw onPaper();
  }

  @Override
  public Readback openReadback(Ops ops, int slots, int elements) {
    throw onPaper();
  }

  @Override
  public Timeline openTimeline(Ops ops) {
    throw onPaper();
  }

  @Override
  public void close() {}

  private IllegalStateException onPaper() {
    return new IllegalStateException(description + " can be planned for, but not used");
  }
}
