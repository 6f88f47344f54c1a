package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaException;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.DeviceAllocation;
import dev.longtake.runtime.cuda.DeviceMemory;
import dev.longtake.runtime.cuda.PinnedMemory;
import dev.longtake.runtime.engine.device.LinkQuality.Kind;
import java.nio.IntBuffer;
import org.jspecify.annotations.Nullable;

/** Tries the link from one GPU to another: whether it brings what was sent, and how fast it is. */
final class CudaLinkTrial {
  private static final int BYTES = 32 << 20;
  private static final int PIECES = 16;
  private static final int PIECE_BYTES = BYTES / PIECES;
  private static final int TIMES = 4;
  private static final double NANOS_PER_BYTE_AT_1_GBPS = 1;

  private CudaLinkTrial() {}

  /** Measures the direct way, or the one through pinned memory where there is no direct one. */
  static LinkQuality measure(CudaContext source, CudaContext target) {
    String obstacle = obstacle(source, target);
    if (obstacle == null) {
      try (CudaPath path = CudaPath.peer(source, target)) {
        Double speed = speed(path, source, target);
        if (speed != null) {
          return new LinkQuality(Kind.PEER, speed, "");
        }
      }
      obstacle = "peer copies arrive damaged, which some hosts' IOMMU or PCIe settings (ACS) cause";
    }
    try (CudaPath path = CudaPath.staged(source, target)) {
      Double speed = speed(path, source, target);
      return new LinkQuality(Kind.STAGED, speed == null ? 0 : speed, obstacle);
    }
  }

  /** Lets both reach each other; returns why they cannot, or null if they can. */
  private static @Nullable String obstacle(CudaContext source, CudaContext target) {
    if (!source.canReach(target) || !target.canReach(source)) {
      return "the driver offers no peer access between them";
    }
    try {
      source.reach(target);
      target.reach(source);
      return null;
    } catch (CudaException e) {
      return e.getMessage();
    }
  }

  /** Returns the gigabytes a second, or null if what arrives is not what was sent. */
  private static @Nullable Double speed(CudaPath path, CudaContext source, CudaContext target) {
    try (CudaStream from = CudaStream.open(source);
        CudaStream to = CudaStream.open(target);
        DeviceAllocation sent = DeviceAllocation.reserve(source, BYTES);
        DeviceAllocation received = DeviceAllocation.reserve(target, BYTES)) {
      target.makeCurrent();
      to.fill32(received.memory(), 0);
      source.makeCurrent();
      for (int piece = 0; piece < PIECES; piece++) {
        from.fill32(part(sent, piece), pattern(piece));
      }
      path.copy(sent.memory(), from, received.memory(), to);
      if (!arrived(target, to, received)) {
        return null;
      }
      long begin = System.nanoTime();
      for (int i = 0; i < TIMES; i++) {
        path.copy(sent.memory(), from, received.memory(), to);
      }
      from.synchronize();
      to.synchronize();
      return (double) BYTES * TIMES / (System.nanoTime() - begin) * NANOS_PER_BYTE_AT_1_GBPS;
    }
  }

  private static boolean arrived(CudaContext target, CudaStream to, DeviceAllocation received) {
    target.makeCurrent();
    try (PinnedMemory host = PinnedMemory.reserve(target, BYTES)) {
      to.download(received.memory(), host, 0);
      to.synchronize();
      IntBuffer values = host.buffer().asIntBuffer();
      for (int i = 0; i < values.capacity(); i++) {
        if (values.get(i) != pattern(i / (PIECE_BYTES / Integer.BYTES))) {
          return false;
        }
      }
      return true;
    }
  }

  private static DeviceMemory part(DeviceAllocation memory, int piece) {
    return memory.memory().part((long) piece * PIECE_BYTES, PIECE_BYTES);
  }

  private static int pattern(int piece) {
    return 0x5bd1e995 * (piece + 1);
  }
}
