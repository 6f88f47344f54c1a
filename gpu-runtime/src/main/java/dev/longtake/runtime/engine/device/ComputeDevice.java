package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.forecast.DeviceSpeed;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.tensor.DType;

/**
 * A device to compute on. Whatever is opened on it must be closed before it.
 *
 * <p>Used by one thread at a time; each thread says so with {@link #makeCurrent()} first.
 */
public interface ComputeDevice extends AutoCloseable {
  /** Returns what the device is, for people. */
  String description();

  /** Returns the device itself, where this is something around it. */
  default ComputeDevice base() {
    return this;
  }

  /** Returns the type that activations are kept in, but for the models below. */
  DType activationType();

  /** Returns the type that the video autoencoder's parameters, activations and frames are in. */
  DType vaeType();

  /** Returns the type that the speech encoder's parameters and activations are in. */
  DType speechType();

  /** Returns the type that the matrices of the transformer's layers are kept in. */
  DType layerType();

  /** Returns the type that cached keys and values are kept in. */
  DType cacheType();

  /** Returns whether the transformer, or cached keys and values, can be as precise as this. */
  boolean computesIn(Precision precision);

  /**
   * Returns the same device with other types for layers and caches; valid until this is closed, and
   * not to be closed itself.
   *
   * @param precision of the transformer, {@code kvPrecision} of cached keys and values, both among
   *     those that the device {@link #computesIn}
   */
  ComputeDevice in(Precision precision, Precision kvPrecision);

  /** Returns how fast the device is: known, or measured within a tenth of a second. */
  DeviceSpeed speed();

  /** Returns how many bytes could be reserved at the moment. */
  long availableBytes();

  /**
   * Returns how many bytes of the device its driver and libraries take beside what is reserved,
   * about.
   *
   * @param pinnedBytes of the host that it must be able to reach
   */
  long driverBytes(long pinnedBytes);

  /** Returns how many bytes of the host {@link #reserveHost} could reserve at the moment. */
  long availableHostBytes();

  /** Returns how many bytes of the device are in use, by anybody; 0 where nobody keeps account. */
  long usedBytes();

  /** Makes the device usable from the calling thread. */
  void makeCurrent();

  /** Returns the bytes of a workspace that {@link #openOps} keeps for good, a multiple of 256. */
  long fixedWorkspaceBytes();

  /**
   * Returns operations that compute nothing and take from their workspace what those of {@link
   * #openOps} take, or a little more.
   */
  Ops planningOps();

  /**
   * Reserves memory; its bytes have no particular value.
   *
   * @throws LongtakeException OUT_OF_MEMORY if there is not enough
   */
  OwnedBlock reserve(long bytes);

  /**
   * Reserves memory of the host that the device copies from and to by itself.
   *
   * @throws LongtakeException OUT_OF_HOST_MEMORY if there is not enough
   */
  OwnedBlock reserveHost(long bytes);

  /**
   * Reserves memory of the host as {@link #reserveHost} does, that other devices of this kind can
   * copy from, too, and that may outlive this one.
   *
   * @throws LongtakeException OUT_OF_HOST_MEMORY if there is not enough
   */
  OwnedBlock reserveSharedHost(long bytes);

  /**
   * Opens the device's operations; close the result.
   *
   * @param workspace of this device: {@link #fixedWorkspaceBytes()} and what {@link #planningOps()}
   *     took
   */
  Ops openOps(Block workspace);

  /**
   * Opens copying beside computing; close the result.
   *
   * @param ops that compute, from {@link #openOps}
   */
  DeviceQueues openQueues(Ops ops);

  /**
   * Opens a way for tensors to the host; close the result.
   *
   * @param ops whose queue the tensors are made in, from {@link #openOps}
   * @param slots how many tensors can be on their way at once
   * @param elements of the largest tensor, which is of the {@link #vaeType()}
   */
  Readback openReadback(Ops ops, int slots, int elements);

  /**
   * Opens a clock for what is queued; close the result.
   *
   * @param ops from {@link #openOps}
   */
  Timeline openTimeline(Ops ops);

  @Override
  void close();
}
