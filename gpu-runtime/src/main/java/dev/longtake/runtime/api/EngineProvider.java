package dev.longtake.runtime.api;

import java.util.List;
import java.util.function.Supplier;

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

  /**
   * Refuses, within a second, what can never be opened on the devices that a configuration names,
   * whoever uses them at the moment. Opens and loads nothing.
   *
   * @param checkpointDir the configuration's; its headers are read while {@code config} is made
   * @param config looks for the devices, for example, which may take a driver a moment
   * @throws LongtakeException PLAN_DOES_NOT_FIT, with the numbers and what would fit; or
   *     INVALID_CONFIG, INVALID_CHECKPOINT or DEVICE_UNAVAILABLE
   */
  default void requireFits(String checkpointDir, Supplier<EngineConfig> config) {}

  /**
   * Looks for a device.
   *
   * @param asked {@code cpu}, {@code cuda} for the first GPU, {@code cuda:N}, or {@code auto} for
   *     the first GPU and, where there is none that can be used, the CPU
   * @throws LongtakeException INVALID_CONFIG if there can be no such device, or DEVICE_UNAVAILABLE
   */
  DeviceInfo device(String asked);

  /**
   * Returns what {@link #device} says, for a device of other machines: looks at none.
   *
   * @param asked {@code cpu}, {@code cuda} or {@code cuda:N}
   * @throws LongtakeException INVALID_CONFIG if there can be no such device
   */
  DeviceInfo deviceElsewhere(String asked);

  /**
   * Returns the devices that this process may lease.
   *
   * @param asked {@code cpu}; {@code cuda:N} for one GPU, {@code cuda:N,cuda:M} for several; {@code
   *     cuda} for all that this process sees; or {@code auto} for these and, where there is none
   *     that can be used, the CPU
   * @param cpuDevices parts of the CPU, see {@link CpuDevices}, or an empty string for all of it
   * @return at least one
   * @throws LongtakeException INVALID_CONFIG if there can be no such device, or DEVICE_UNAVAILABLE
   */
  List<LeasableDevice> devices(String asked, String cpuDevices);

  /**
   * Returns how many devices an engine uses together.
   *
   * @param config of the engine, but for its devices
   * @param available devices that there are, at least 1
   * @throws LongtakeException INVALID_CONFIG if it needs more
   */
  default int devicesTogether(EngineConfig config, int available) {
    return 1;
  }

  /**
   * Tries a leased device, which takes a second at most, and watches over it from then on.
   *
   * @return to be closed before the lease
   * @throws LongtakeException DEVICE_FAULT if the device does not do what it is told
   */
  DeviceHealth watch(LeasableDevice device);

  /**
   * Returns which placements of a model fit, and how fast they would be. Uses no device.
   *
   * @throws LongtakeException INVALID_CONFIG, INVALID_CHECKPOINT or, if this machine's GPUs are
   *     asked for and there is none, DEVICE_UNAVAILABLE
   */
  Feasibility feasibility(FeasibilityQuery query);

  /**
   * Looks at a checkpoint: its files must be there, but are not loaded.
   *
   * @throws LongtakeException INVALID_CHECKPOINT
   */
  CheckpointInfo describe(String checkpointDir);

  /**
   * Returns what identifies a checkpoint's weights and settings: 64 hexadecimal digits. Reads some
   * of every file.
   *
   * @throws LongtakeException INVALID_CHECKPOINT
   */
  String digest(String checkpointDir);

  /**
   * Returns the size of a video with this picture, by the official rule: about the picture's
   * proportions, and at most the given area.
   *
   * @param areaPixels the most pixels a frame may have
   * @throws InvalidRequestException if the picture is too narrow for a video of this area
   */
  FrameSize frameSize(int pictureWidth, int pictureHeight, long areaPixels);
}
