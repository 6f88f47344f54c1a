package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DeviceQueues;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One device of a pipeline. Threads have it in turn, in the order in which they ask. */
final class PipelineDevice implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PipelineDevice.class);

  private final Resources resources;
  private final ReservedDevice reserved;
  private final EnginePlan plan;
  private final StageParts parts;
  private final List<String> stepsDown;
  private final ReentrantLock turn = new ReentrantLock(true);

  private PipelineDevice(
      EngineShape shape,
      ModelSource source,
      StageRole role,
      EnginePlan plan,
      ComputeDevice device,
      Resources own,
      Resources resources,
      List<String> stepsDown) {
    this.resources = resources;
    this.plan = plan;
    this.stepsDown = List.copyOf(stepsDown);
    this.reserved = ReservedDevice.open(device, plan.memory(), source, own);
    this.parts =
        StageParts.load(
            shape, source, source::reader, role, plan.residency(), device, reserved.placement());
    reserved.awaitWeights();
    resources.add(own::close);
  }

  /**
   * Plans, reserves memory, and loads. Steps down to a plan that leaves more weights in memory of
   * the host where memory is refused that was planned to be there.
   *
   * @param device opens the device, which is owned then
   * @throws LongtakeException PLAN_DOES_NOT_FIT if nothing is left to step down to
   */
  static PipelineDevice open(
      EngineShape shape,
      ModelSource source,
      StageRole role,
      EngineConfig config,
      Supplier<ComputeDevice> device) {
    Resources resources = new Resources();
    try {
      ComputeDevice opened = resources.add(device.get());
      StagePlanner planner = new StagePlanner(shape, source, role, opened);
      MemoryBudget budget = MemoryBudget.of(config, opened);
      List<String> stepsDown = new ArrayList<>();
      while (true) {
        EnginePlan plan = planner.plan(config.lanes(), budget);
        Resources own = new Resources();
        try {
          return new PipelineDevice(shape, source, role, plan, opened, own, resources, stepsDown);
        } catch (LongtakeException e) {
          own.closeAfter(e);
          budget = budget.after(plan.memory(), e, opened);
          stepsDown.add("%s refused %s".formatted(opened.description(), plan.describe()));
          LOG.warn("Out of memory, stepping down: {}", e.getMessage());
        } catch (RuntimeException | Error e) {
          own.closeAfter(e);
          throw e;
        }
      }
    } catch (RuntimeException | Error e) {
      resources.closeAfter(e);
      throw e;
    }
  }

  /** Returns what was tried before, for people. */
  List<String> stepsDown() {
    return stepsDown;
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
