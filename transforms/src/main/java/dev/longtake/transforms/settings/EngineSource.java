package dev.longtake.transforms.settings;

import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.Serializable;
import java.util.ServiceLoader;

/** Finds what opens engines, on whichever worker it has come to. */
@FunctionalInterface
public interface EngineSource extends Serializable {
  /** Finds the one on the class path. */
  EngineSource ON_CLASS_PATH = EngineSource::load;

  /**
   * Returns the provider.
   *
   * @throws LongtakeException ENGINE_FAULT if there is none
   */
  EngineProvider provider();

  private static EngineProvider load() {
    return ServiceLoader.load(EngineProvider.class, EngineProvider.class.getClassLoader())
        .findFirst()
        .orElseThrow(
            () ->
                new LongtakeException(
                    ErrorCode.ENGINE_FAULT,
                    "There is no engine on the class path. Does the jar merge META-INF/services?"));
  }
}
