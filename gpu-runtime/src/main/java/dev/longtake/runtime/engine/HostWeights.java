package dev.longtake.runtime.engine;

import com.google.common.base.Suppliers;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.spi.HostLayers;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Layers' weights in memory of the host that an engine streams to its device: one copy a process,
 * however many of its engines do. Who needs a layer first brings it, others wait for that; who lets
 * go of it last gives its memory back.
 */
final class HostWeights implements HostLayers, AutoCloseable {
  private static final Object LOCK = new Object();

  // Engines share it that know nothing of each other.
  @GuardedBy("LOCK")
  private static final Map<Key, Copy> OF_THIS_PROCESS = new HashMap<>();

  private final Supplier<String> model;
  private final ComputeDevice device;
  private final Map<Key, Copy> held = new HashMap<>();

  /**
   * What decides a layer's bytes.
   *
   * @param model its identity
   */
  private record Key(String model, DType type, int layer) {}

  /** A layer. */
  private static final class Copy {
    private final long bytes;
    private @Nullable OwnedBlock block; // written by who brings it, before it is complete
    private boolean complete;
    private int holders;

    Copy(long bytes) {
      this.bytes = bytes;
    }
  }

  private HostWeights(Supplier<String> model, ComputeDevice device) {
    this.model = model;
    this.device = device;
  }

  /**
   * Takes nothing yet; close the result before the device.
   *
   * @param device in the precision of the layers
   */
  static HostWeights of(ModelSource source, ComputeDevice device) {
    return new HostWeights(Suppliers.memoize(source::identity), device);
  }

  /**
   * Returns the bytes of a model's layers that are in memory of the host already.
   *
   * @param model its identity; not asked for where nothing is there
   * @param type of the layers' matrices
   */
  static long bytes(Supplier<String> model, DType type, IntPredicate layers) {
    synchronized (LOCK) {
      if (OF_THIS_PROCESS.isEmpty()) {
        return 0;
      }
      return OF_THIS_PROCESS.entrySet().stream()
          .filter(entry -> layers.test(entry.getKey().layer))
          .filter(entry -> entry.getKey().type == type)
          .filter(entry -> entry.getKey().model.equals(model.get()))
          .mapToLong(entry -> entry.getValue().bytes)
          .sum();
    }
  }

  @Override
  public HostLayer take(int layer, Shape extent) {
    Key key = new Key(model.get(), device.layerType(), layer);
    Copy copy;
    boolean complete;
    synchronized (LOCK) {
      copy = awaitComplete(key);
      complete = copy != null;
      if (copy == null) {
        copy = new Copy(extent.elements() * Float.BYTES);
        OF_THIS_PROCESS.put(key, copy);
      }
      copy.holders++;
      held.put(key, copy);
    }
    if (!complete) {
      copy.block = device.reserveSharedHost(copy.bytes);
    }
    OwnedBlock block = Objects.requireNonNull(copy.block);
    return new HostLayer(block.tensor(0, DType.FP32, extent), complete);
  }

  @GuardedBy("LOCK")
  private static @Nullable Copy awaitComplete(Key key) {
    while (true) {
      Copy copy = OF_THIS_PROCESS.get(key);
      if (copy == null || copy.complete) {
        return copy;
      }
      try {
        LOCK.wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while another engine reads weights", e);
      }
    }
  }

  /** Says that what was taken is filled: all copies to it are done. */
  void filled() {
    synchronized (LOCK) {
      held.values().forEach(copy -> copy.complete = true);
      LOCK.notifyAll();
    }
  }

  /** Lets go of all layers. What was not filled is nobody else's. */
  @Override
  public void close() {
    List<OwnedBlock> unused = new ArrayList<>();
    synchronized (LOCK) {
      held.forEach(
          (key, copy) -> {
            copy.holders--;
            if (copy.holders == 0) {
              OF_THIS_PROCESS.remove(key);
              if (copy.block != null) {
                unused.add(copy.block);
              }
            }
          });
      held.clear();
      LOCK.notifyAll();
    }
    Resources resources = new Resources();
    unused.forEach(resources::add);
    try {
      resources.close();
    } finally {
      device.makeCurrent(); // what has brought it may have been another one
    }
  }
}
