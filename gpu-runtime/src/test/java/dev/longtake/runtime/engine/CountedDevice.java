package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.device.ComputeDevice;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts what is reserved on a device and for it. */
final class CountedDevice {
  private CountedDevice() {}

  /** Returns {@code inner}, of which {@code reserved} counts the reservations. */
  static ComputeDevice of(ComputeDevice inner, AtomicInteger reserved) {
    return (ComputeDevice)
        Proxy.newProxyInstance(
            ComputeDevice.class.getClassLoader(),
            new Class<?>[] {ComputeDevice.class},
            (proxy, method, arguments) -> {
              if (method.getName().startsWith("reserve")) {
                reserved.incrementAndGet();
              }
              return method.invoke(inner, arguments);
            });
  }
}
