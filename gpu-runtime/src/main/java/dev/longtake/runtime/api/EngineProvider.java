package dev.longtake.runtime.api;

/**
 * Opens engines. Found with {@link java.util.ServiceLoader}: {@code
 * ServiceLoader.load(EngineProvider.class).findFirst()}.
 */
public interface EngineProvider {
  /**
   * Opens an engine: checks the checkpoint, plans the memory, reserves it and loads the weights.
   *
   * @return an engine that the caller closes
   * @throws LongtakeException INVALID_CHECKPOINT, INVALID_CONFIG, PLAN_DOES_NOT_FIT or
   *     DEVICE_UNAVAILABLE
   */
  AvatarEngine open(EngineConfig config);
}
