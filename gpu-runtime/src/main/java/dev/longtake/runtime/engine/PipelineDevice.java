package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DeviceQueues;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** One device of a pipeline. Threads have it in turn, in the order in which they ask. */
final class PipelineDevice implements AutoCloseable {
  private final Resources resources;
  private final ReservedDevice reserved;
  private final EnginePlan plan;
  private final StageParts parts;
  private final ReentrantLock turn = new ReentrantLock(true);

  private PipelineDevice(
      EngineShape shape,
      ModelSource source,
      StageRole role,
      EngineConfig config,
      Resources resources,
      ComputeDevice device) {
    this.resources = resources;
    this.plan =
        new StagePlanner(shape, source, role, device)
            .plan(config.lanes(), MemoryBudget.of(config, device));
    this.reserved = ReservedDevice.open(device, plan.memory(), source, resources);
    this.parts =
        StageParts.load(
            shape, source, source::reader, role, plan.residency(), device, reserved.placement());
    reserved.awaitWeights();
  }

  /**
   * Plans, reserves memory, and loads.
   *
   * @param device opens the device, which is owned then
   */
  static PipelineDevice open(
      EngineShape shape,
      ModelSource source,
      StageRole role,
      EngineConfig config,
      Supplier<ComputeDevice> device) {
    Resources resources = new Resources();
    try {
      return new PipelineDevice(
          shape, source, role, config, resources, resources.add(device.get()));
    } catch (RuntimeException | Error e) {
      resources.closeAfter(e);
      throw e;
    }
  }

  ComputeDevice device() {
    return reserved.device();
  }

  ReservedDevice reserved() {
    return reserved;
  }

  EnginePlan plan() {
    return plan;
  }

  StageParts parts() {
    return parts;
  }

  Ops ops() {
    return reserved.ops();
  }

  DeviceQueues queues() {
    return reserved.queues();
  }

  /** Does something when it is the calling thread's turn. It must not wait for another device. */
  void run(Runnable work) {
    get(
        () -> {
          work.run();
          return null;
        });
  }

  /** Returns what {@code work} gives when it is the calling thread's turn. */
  <T> T get(Supplier<T> work) {
    turn.lock();
    try {
      device().makeCurrent();
      return work.get();
    } finally {
      turn.unlock();
    }
  }

  /** Returns what was used of the device so far. */
  DeviceUse use() {
    return new DeviceUse(plan.memory().reservedBytes(), queues().copiedBytes());
  }

  /** Returns what the device does, and with how much of its memory. */
  OpenEngine.Part part() {
    return new OpenEngine.Part(
        device(), plan.memory(), parts.role().describe() + ": " + plan.describe());
  }

  @Override
  public void close() {
    device().makeCurrent();
    resources.close();
  }
}
