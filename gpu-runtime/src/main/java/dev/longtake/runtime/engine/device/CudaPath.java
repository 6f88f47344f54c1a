package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaEvent;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.DeviceMemory;
import dev.longtake.runtime.cuda.PinnedMemory;
import java.util.ArrayList;
import java.util.List;

/** Copies between two GPUs, ordered by events on either side. */
interface CudaPath extends AutoCloseable {
  /**
   * Queues a copy behind both streams; either stream's later work comes behind it.
   *
   * @param from of the GPU that has {@code source}
   * @param to of the GPU that has {@code target}
   */
  void copy(DeviceMemory source, CudaStream from, DeviceMemory target, CudaStream to);

  /**
   * Queues a copy behind the target's stream alone.
   *
   * @param source complete by now, and not written any more
   * @param to of the GPU that has {@code target}
   */
  void fetch(DeviceMemory source, DeviceMemory target, CudaStream to);

  /**
   * Queues a copy behind the target's stream, and behind an event.
   *
   * @param ready when it has happened, {@code source} is complete; recorded already
   * @param to of the GPU that has {@code target}
   */
  void fetchWhen(CudaEvent ready, DeviceMemory source, DeviceMemory target, CudaStream to);

  /** Gives back what this needs; no copy may be pending. */
  @Override
  void close();

  /** Opens the way by which one GPU writes the other's memory. Both contexts must reach another. */
  static CudaPath peer(CudaContext source, CudaContext target) {
    return new Peer(source, target, CudaEvent.open(source), CudaEvent.open(target));
  }

  /** Opens the way through pinned memory of the host. */
  static CudaPath staged(CudaContext source, CudaContext target) {
    return Staged.open(source, target);
  }

  /** The copy is in the source's stream. */
  record Peer(
      CudaContext sourceContext, CudaContext targetContext, CudaEvent done, CudaEvent targetFree)
      implements CudaPath {
    @Override
    public void copy(DeviceMemory source, CudaStream from, DeviceMemory target, CudaStream to) {
      targetFree.record(to);
      from.waitFor(targetFree);
      from.copy(source, sourceContext, target, targetContext);
      done.record(from);
      to.waitFor(done);
    }

    @Override
    public void fetch(DeviceMemory source, DeviceMemory target, CudaStream to) {
      to.copy(source, sourceContext, target, targetContext);
    }

    @Override
    public void fetchWhen(
        CudaEvent ready, DeviceMemory source, DeviceMemory target, CudaStream to) {
      to.waitFor(ready);
      fetch(source, target, to);
    }

    @Override
    public void close() {
      done.close();
      targetFree.close();
    }
  }

  /** Pieces leave in the source's stream and arrive in the target's. */
  final class Staged implements CudaPath {
    private static final int SLOTS = 4;
    private static final long SLOT_BYTES = 8L << 20;

    private final PinnedMemory pinned;
    private final CudaStream leaving;
    private final List<CudaEvent> left = new ArrayList<>();
    private final List<CudaEvent> arrived = new ArrayList<>();
    private int nextSlot;

    private Staged(PinnedMemory pinned, CudaStream leaving) {
      this.pinned = pinned;
      this.leaving = leaving;
    }

    static Staged open(CudaContext source, CudaContext target) {
      Staged path =
          new Staged(PinnedMemory.reserve(source, SLOTS * SLOT_BYTES), CudaStream.open(source));
      try {
        for (int slot = 0; slot < SLOTS; slot++) {
          path.left.add(CudaEvent.open(source));
          path.arrived.add(CudaEvent.open(target));
        }
      } catch (RuntimeException e) {
        path.close();
        throw e;
      }
      return path;
    }

    @Override
    public void copy(DeviceMemory source, CudaStream from, DeviceMemory target, CudaStream to) {
      for (long first = 0; first < source.bytes(); first += SLOT_BYTES) {
        long bytes = Math.min(SLOT_BYTES, source.bytes() - first);
        int slot = nextSlot;
        nextSlot = (slot + 1) % SLOTS;
        from.waitFor(arrived.get(slot)); // what was in the slot before
        from.download(source.part(first, bytes), pinned, slot * SLOT_BYTES);
        left.get(slot).record(from);
        to.waitFor(left.get(slot));
        to.upload(pinned, slot * SLOT_BYTES, target.part(first, bytes));
        arrived.get(slot).record(to);
      }
    }

    /** What leaves has a stream of its own, on the source's GPU. */
    @Override
    public void fetch(DeviceMemory source, DeviceMemory target, CudaStream to) {
      copy(source, leaving, target, to);
    }

    @Override
    public void fetchWhen(
        CudaEvent ready, DeviceMemory source, DeviceMemory target, CudaStream to) {
      leaving.waitFor(ready);
      fetch(source, target, to);
    }

    @Override
    public void close() {
      leaving.close();
      left.forEach(CudaEvent::close);
      arrived.forEach(CudaEvent::close);
      pinned.close();
    }
  }
}
