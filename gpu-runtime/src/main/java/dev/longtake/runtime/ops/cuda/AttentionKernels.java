package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.cuda.CudaFunction;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.cuda.LaunchShape;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Launches the kernels of {@code attention.cu}: some head widths in a type each, no bias. */
final class AttentionKernels {
  private static final int BLOCK_THREADS = 128;

  private static final List<Tile> TILES =
      List.of(
          new Tile(64, DType.BF16, 128, 64),
          new Tile(128, DType.BF16, 128, 64),
          new Tile(384, DType.FP16, 64, 32));

  /**
   * What one thread block computes.
   *
   * @param queries rows of q that stay in shared memory
   * @param keys rows of k and v that are there at a time, twice
   */
  private record Tile(int headWidth, DType dtype, int queries, int keys) {
    int sharedBytes() {
      return (queries + 4 * keys) * headWidth * dtype.bytes();
    }
  }

  private final Kernels kernels;

  AttentionKernels(KernelModules modules) {
    this.kernels = modules.load("attention");
    for (Tile tile : TILES) {
      function(tile).allowSharedBytes(tile.sharedBytes());
    }
  }

  /** Returns whether there is a kernel for these tensors. */
  static boolean supports(DeviceTensor q, KeySegments segments) {
    return tile(q) != null && Kernels.packed(q) == 1 && segments.isAligned();
  }

  /** {@code out} may be {@code q}. */
  void launch(
      CudaStream stream, DeviceTensor q, KeySegments segments, float scale, DeviceTensor out) {
    int queries = q.shape().extent(0);
    int heads = q.shape().extent(1);
    Tile tile = tile(q);
    if (tile == null) {
      throw new IllegalArgumentException("no kernel for %s %s".formatted(q.dtype(), q.shape()));
    }
    KernelArgs args = kernels.args().pointer(q.memory());
    segments.addTo(args).pointer(out.memory()).int32(queries).int32(heads).float32(scale);
    LaunchShape shape =
        new LaunchShape(
            Kernels.ceilDiv(queries, tile.queries()), heads, 1, BLOCK_THREADS, tile.sharedBytes());
    function(tile).launch(stream, shape, args);
  }

  private CudaFunction function(Tile tile) {
    String type = tile.dtype() == DType.BF16 ? "_bf16" : "_f16";
    return kernels.function("attention_" + tile.headWidth() + type);
  }

  private static @Nullable Tile tile(DeviceTensor q) {
    for (Tile tile : TILES) {
      if (tile.headWidth() == q.shape().extent(2) && tile.dtype() == q.dtype()) {
        return tile;
      }
    }
    return null;
  }
}
