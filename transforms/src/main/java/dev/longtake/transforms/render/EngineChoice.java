package dev.longtake.transforms.render;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.LeasableDevice;

/** Says what engine somebody wants, on whichever device there is. */
@FunctionalInterface
interface EngineChoice {
  /** Returns what the engine is to be opened with on a device; equal for equal engines. */
  EngineConfig on(LeasableDevice device);
}
