package dev.longtake.transforms.render;

import dev.longtake.transforms.sink.DeviceReading;
import java.util.List;

/** What the devices that this process has leased are doing. */
public final class DeviceReadings {
  private DeviceReadings() {}

  /** Returns a reading of each device on which an engine is open at the moment. */
  public static List<DeviceReading> now() {
    return EnginePool.readingsOfThisProcess();
  }
}
