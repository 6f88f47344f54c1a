package dev.longtake.runtime.spi;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Ops;

/**
 * Where an engine's layers can be kept.
 *
 * @param ops of the device
 * @param queues of the device
 * @param device memory of the device, for as long as the engine
 * @param host memory of the host that {@code queues} copy from and to
 */
public record Placement(Ops ops, DeviceQueues queues, Arena device, HostLayers host) {}
