package dev.longtake.runtime.tools.bench;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.engine.device.DeviceList;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What {@code resident} engines make of the same speech, in the same process.
 *
 * @param devices each with an engine of its own
 * @param takeFps frames per second of all of them, from the beginning of the takes to the last
 *     frame
 */
record Comparison(int devices, double takeFps) {
  static final String STRATEGY = "resident";

  /**
   * Returns what to compare a configuration with: one engine on the first device, if a single video
   * is rendered, or if those on several devices are {@code resident} themselves; else one on every
   * device, with as many lanes together.
   */
  static EngineConfig other(EngineConfig config, DeviceList devices) {
    boolean same = config.strategy().equals(STRATEGY);
    if (config.lanes() > 1 && !same) {
      return config.withStrategy(STRATEGY);
    }
    int lanes = same ? Math.max(1, config.lanes() / devices.size()) : 1;
    return config.on(devices.name(0), lanes).withStrategy(STRATEGY);
  }

  /** Returns how often as fast a run is, or null where several devices are compared with it. */
  @Nullable Double speedup(double otherFps) {
    return devices == 1 ? otherFps / takeFps : null;
  }

  /** Returns how much of the devices' speed a run reaches, or null if there was one device. */
  @Nullable Double share(double otherFps) {
    return devices == 1 ? null : otherFps / takeFps;
  }

  /** Returns the comparison with a run, for people. */
  String text(double otherFps) {
    return String.format(
        Locale.ROOT,
        "rendering %.2f fps, against %.2f of %s: %.3f times",
        otherFps,
        takeFps,
        devices == 1 ? "one resident engine" : devices + " resident engines",
        otherFps / takeFps);
  }
}
