package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.cuda.CudaDevice;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values that are packed in FP8: stored, read, and attended to. On Hopper its tensor cores
 * take them as they are; elsewhere they are widened to bf16 first.
 */
final class PackedCaches {
  private static final int HEAD_WIDTH = 128;

  private final CudaStream stream;
  private final Arena workspace;
  private final Attention plain;
  private final KvPackKernels kernels;
  private final @Nullable HopperFp8AttentionKernel hopper;

  /**
   * Loads the kernels.
   *
   * @param plain for what has been widened
   */
  PackedCaches(
      CudaDevice device,
      CudaStream stream,
      Arena workspace,
      Attention plain,
      KernelModules modules) {
    this.stream = stream;
    this.workspace = workspace;
    this.plain = plain;
    this.kernels = new KvPackKernels(modules);
    this.hopper = modules.areForHopper() ? new HopperFp8AttentionKernel(device, modules) : null;
  }

  void storeKeys(DeviceTensor keys, KvRun out) {
    requireHeadWidth(out);
    kernels.packKeys(stream, keys, keysOf(out), out.first());
  }

  /** Returns false if there is no kernel for it; nothing has been queued then. */
  boolean storeTurnedKeys(
      DeviceTensor keys,
      @Nullable DeviceTensor weight,
      float epsilon,
      DeviceTensor cos,
      DeviceTensor sin,
      KvRun out) {
    requireHeadWidth(out);
    if (!KvPackKernels.supportsTurning(keys, weight, cos, sin, keysOf(out))) {
      return false;
    }
    kernels.packTurnedKeys(stream, keys, weight, epsilon, cos, sin, keysOf(out), out.first());
    return true;
  }

  void storeValues(DeviceTensor values, KvRun out) {
    requireHeadWidth(out);
    kernels.packValues(stream, values, valuesOf(out), out.first());
  }

  void loadKeys(KvRun run, DeviceTensor out) {
    kernels.unpackKeys(stream, keysOf(run), run.first(), out);
  }

  void loadValues(KvRun run, DeviceTensor out) {
    kernels.unpackValues(stream, valuesOf(run), run.first(), out);
  }

  /** out = softmax(scale·q·kᵀ)·v; see {@link dev.longtake.runtime.ops.Ops#attention}. */
  void attend(DeviceTensor q, KvRun run, float scale, DeviceTensor out) {
    DeviceTensor keys = keysOf(run);
    DeviceTensor values = valuesOf(run);
    try (Arena.Scope scope = workspace.scope()) {
      if (hopper != null && HopperFp8AttentionKernel.supports(q, keys, values)) {
        DeviceTensor partial =
            DeviceTensor.of(workspace.tensor(DType.FP32, HopperFp8AttentionKernel.PARTIAL));
        hopper.launch(stream, q, keys, values, run.first(), run.count(), scale, out, partial);
        return;
      }
      int heads = run.cache().heads();
      DeviceTensor k =
          DeviceTensor.of(workspace.tensor(DType.BF16, run.count(), heads, HEAD_WIDTH));
      DeviceTensor v = DeviceTensor.of(workspace.tensor(DType.BF16, k.shape()));
      loadKeys(run, k);
      loadValues(run, v);
      plain.attend(q, List.of(k), List.of(v), scale, null, out);
    }
  }

  private static DeviceTensor keysOf(KvRun run) {
    return DeviceTensor.of(run.cache().keys());
  }

  private static DeviceTensor valuesOf(KvRun run) {
    return DeviceTensor.of(run.cache().values());
  }

  private static void requireHeadWidth(KvRun run) {
    if (run.cache().headWidth() != HEAD_WIDTH) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          "Keys and values in fp8 need heads %d wide, but this model's are %d. Choose kvPrecision"
                  .formatted(HEAD_WIDTH, run.cache().headWidth())
              + " bf16.");
    }
  }
}
