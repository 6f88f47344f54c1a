package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.Readback;
import dev.longtake.runtime.engine.device.Timeline;
import dev.longtake.runtime.engine.forecast.DeviceSpeed;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.tensor.DType;

/** A device whose operations are {@link TimedOps}. */
record TimedDevice(ComputeDevice inner) implements ComputeDevice {
  @Override
  public String description() {
    return inner.description();
  }

  @Override
  public ComputeDevice base() {
    return inner.base();
  }

  @Override
  public DType activationType() {
    return inner.activationType();
  }

  @Override
  public DType vaeType() {
    return inner.vaeType();
  }

  @Override
  public DType speechType() {
    return inner.speechType();
  }

  @Override
  public DType layerType() {
    return inner.layerType();
  }

  @Override
  public DType cacheType() {
    return inner.cacheType();
  }

  @Override
  public boolean computesIn(Precision precision) {
    return inner.computesIn(precision);
  }

  @Override
  public ComputeDevice in(Precision precision, Precision kvPrecision) {
    return new TimedDevice(inner.in(precision, kvPrecision));
  }

  @Override
  public DeviceSpeed speed() {
    return inner.speed();
  }

  @Override
  public long availableBytes() {
    return inner.availableBytes();
  }

  @Override
  public long driverBytes(long pinnedBytes) {
    return inner.driverBytes(pinnedBytes);
  }

  @Override
  public long availableHostBytes() {
    return inner.availableHostBytes();
  }

  @Override
  public OwnedBlock reserveHost(long bytes) {
    return inner.reserveHost(bytes);
  }

  @Override
  public OwnedBlock reserveSharedHost(long bytes) {
    return inner.reserveSharedHost(bytes);
  }

  @Override
  public DeviceQueues openQueues(Ops ops) {
    return inner.openQueues(untimed(ops));
  }

  @Override
  public long usedBytes() {
    return inner.usedBytes();
  }

  @Override
  public void makeCurrent() {
    inner.makeCurrent();
  }

  @Override
  public long fixedWorkspaceBytes() {
    return inner.fixedWorkspaceBytes();
  }

  @Override
  public Ops planningOps() {
    return inner.planningOps();
  }

  @Override
  public OwnedBlock reserve(long bytes) {
    return inner.reserve(bytes);
  }

  @Override
  public Ops openOps(Block workspace) {
    return new TimedOps(inner.openOps(workspace));
  }

  @Override
  public Readback openReadback(Ops ops, int slots, int elements) {
    return inner.openReadback(untimed(ops), slots, elements);
  }

  @Override
  public Timeline openTimeline(Ops ops) {
    return inner.openTimeline(untimed(ops));
  }

  @Override
  public void close() {
    inner.close();
  }

  private static Ops untimed(Ops ops) {
    return ops instanceof TimedOps timed ? timed.inner() : ops;
  }
}
