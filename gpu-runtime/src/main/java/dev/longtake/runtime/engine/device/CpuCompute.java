package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.forecast.DeviceSpeed;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.tensor.DType;

/** The host itself, in fp32. */
record CpuCompute(int threads) implements ComputeDevice {
  @Override
  public String description() {
    return "cpu, %d threads".formatted(threads);
  }

  @Override
  public DType activationType() {
    return DType.FP32;
  }

  @Override
  public DType vaeType() {
    return DType.FP32;
  }

  @Override
  public DType speechType() {
    return DType.FP32;
  }

  @Override
  public DType layerType() {
    return DType.FP32;
  }

  @Override
  public DType cacheType() {
    return DType.FP32;
  }

  @Override
  public boolean computesIn(Precision precision) {
    return precision == Precision.FP32;
  }

  @Override
  public ComputeDevice in(Precision precision, Precision kvPrecision) {
    return this;
  }

  @Override
  public DeviceSpeed speed() {
    return CpuSpeed.of(threads);
  }

  /** The host's memory is not counted: pages that are never written cost nothing. */
  @Override
  public long availableBytes() {
    return Long.MAX_VALUE;
  }

  @Override
  public long driverBytes(long pinnedBytes) {
    return 0;
  }

  @Override
  public long availableHostBytes() {
    return Long.MAX_VALUE;
  }

  @Override
  public long usedBytes() {
    return 0;
  }

  @Override
  public void makeCurrent() {}

  @Override
  public long fixedWorkspaceBytes() {
    return 0;
  }

  @Override
  public Ops planningOps() {
    return new PlanningOps(DType.FP32);
  }

  @Override
  public OwnedBlock reserve(long bytes) {
    try {
      return HostBlock.reserve(bytes);
    } catch (LongtakeException e) {
      throw new LongtakeException(ErrorCode.OUT_OF_MEMORY, String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public OwnedBlock reserveHost(long bytes) {
    return HostBlock.reserve(bytes);
  }

  @Override
  public OwnedBlock reserveSharedHost(long bytes) {
    return reserveHost(bytes);
  }

  @Override
  public DeviceQueues openQueues(Ops ops) {
    return new HostQueues();
  }

  @Override
  public Ops openOps(Block workspace) {
    return new CpuOps(threads, workspace);
  }

  @Override
  public Readback openReadback(Ops ops, int slots, int elements) {
    return new HostReadback(ops, slots, elements);
  }

  @Override
  public Timeline openTimeline(Ops ops) {
    return new HostTimeline();
  }

  @Override
  public void close() {}
}
