package dev.longtake.runtime.testing;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.CheckpointInfo;
import dev.longtake.runtime.api.DeviceHealth;
import dev.longtake.runtime.api.DeviceInfo;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.Feasibility;
import dev.longtake.runtime.api.FeasibilityQuery;
import dev.longtake.runtime.api.FrameSize;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.engine.LongtakeEngine;
import dev.longtake.runtime.engine.LongtakeEngineProvider;
import dev.longtake.runtime.engine.ModelSource;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.weights.Checkpoint;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Opens real engines on the CPU, as if on a device that breaks down: from one operation on, every
 * one fails, closing among them, as it does on a GPU after an error that sticks. Later engines
 * work.
 */
public final class FaultyEngineProvider implements EngineProvider {
  private final EngineProvider real = new LongtakeEngineProvider();
  private final AtomicLong operationsLeft;
  private final AtomicInteger blocksReserved = new AtomicInteger();

  /** Breaks one engine down after so many operations, those that open it not counted. */
  public FaultyEngineProvider(long operations) {
    this.operationsLeft = new AtomicLong(operations);
  }

  /** Returns how many blocks of memory have been reserved and not given back. */
  public int blocksReserved() {
    return blocksReserved.get();
  }

  /** Returns whether the device has broken down. */
  public boolean hasBroken() {
    return operationsLeft.get() < 0;
  }

  @Override
  public AvatarEngine open(EngineConfig config) {
    Checkpoint checkpoint = Checkpoint.open(Path.of(config.checkpointDir()));
    DeviceChoice choice =
        DeviceChoice.of(config.device(), config.precision(), config.kvPrecision());
    boolean[] isOpen = {false};
    boolean breaks = !hasBroken();
    LongtakeEngine engine =
        LongtakeEngine.open(
            config,
            ModelSource.of(checkpoint, config.checkpointDir()),
            () -> faulty(choice.open(config.cpuThreads()), breaks, isOpen));
    isOpen[0] = true;
    return engine;
  }

  private ComputeDevice faulty(ComputeDevice device, boolean breaks, boolean[] isOpen) {
    return proxy(
        ComputeDevice.class,
        device,
        (name, result) -> {
          if (result instanceof OwnedBlock block) {
            blocksReserved.incrementAndGet();
            return proxy(
                OwnedBlock.class,
                block,
                (call, of) -> {
                  if (call.equals("close")) {
                    blocksReserved.decrementAndGet();
                  }
                  return of;
                });
          }
          return name.equals("openOps") && breaks ? faulty((Ops) result, isOpen) : result;
        });
  }

  private Ops faulty(Ops ops, boolean[] isOpen) {
    return proxy(
        Ops.class,
        ops,
        (name, result) -> {
          boolean computes = isOpen[0] && !name.endsWith("Type");
          if (computes && operationsLeft.decrementAndGet() < 0) {
            throw new LongtakeException(
                ErrorCode.DEVICE_FAULT, name + " failed with CUDA_ERROR_ILLEGAL_ADDRESS (700)");
          }
          return result;
        });
  }

  private interface Afterwards {
    Object of(String call, Object result);
  }

  private static <T> T proxy(Class<T> type, T of, Afterwards afterwards) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              try {
                return afterwards.of(method.getName(), method.invoke(of, arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  @Override
  public DeviceInfo device(String asked) {
    return real.device(asked);
  }

  @Override
  public DeviceInfo deviceElsewhere(String asked) {
    return real.deviceElsewhere(asked);
  }

  @Override
  public List<LeasableDevice> devices(String asked, String cpuDevices) {
    return real.devices(asked, cpuDevices);
  }

  @Override
  public int devicesTogether(EngineConfig config, int available) {
    return real.devicesTogether(config, available);
  }

  @Override
  public DeviceHealth watch(LeasableDevice device) {
    return real.watch(device);
  }

  @Override
  public Feasibility feasibility(FeasibilityQuery query) {
    return real.feasibility(query);
  }

  @Override
  public CheckpointInfo describe(String checkpointDir) {
    return real.describe(checkpointDir);
  }

  @Override
  public String digest(String checkpointDir) {
    return real.digest(checkpointDir);
  }

  @Override
  public FrameSize frameSize(int pictureWidth, int pictureHeight, long areaPixels) {
    return real.frameSize(pictureWidth, pictureHeight, areaPixels);
  }
}
