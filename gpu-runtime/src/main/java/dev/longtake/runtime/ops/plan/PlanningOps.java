package dev.longtake.runtime.ops.plan;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code Ops} without arithmetic, over memory that does not exist.
 *
 * <p>A model that runs on it takes the buffers that it would take on a device, and each operation
 * those that it takes for itself; the workspace's {@link Arena#peakBytes()} is then what a device
 * must offer.
 */
public final class PlanningOps implements Ops {
  private final DType activationType;
  private final DType cacheType;
  private final Arena workspace = new Arena("planned workspace", new PlannedBlock());

  /** Plans for a device that keeps its activations in {@code activationType}. */
  public PlanningOps(DType activationType) {
    this(activationType, activationType);
  }

  /** Plans for a device that caches keys and values in a type of their own. */
  public PlanningOps(DType activationType, DType cacheType) {
    this.activationType = activationType;
    this.cacheType = cacheType;
  }

  @Override
  public DType activationType() {
    return activationType;
  }

  @Override
  public DType cacheType() {
    return cacheType;
  }

  @Override
  public void storeKeys(Tensor keys, KvRun out) {}

  @Override
  public void storeValues(Tensor values, KvRun out) {}

  @Override
  public void loadKeys(KvRun run, Tensor out) {}

  @Override
  public void loadValues(KvRun run, Tensor out) {}

  @Override
  public void attention(Tensor q, KvRun context, float scale, Tensor out) {
    takeForAMoment(ScratchBytes.attention(context));
  }

  @Override
  public Arena workspace() {
    return workspace;
  }

  @Override
  public void upload(float[] source, int sourceOffset, Tensor out) {}

  @Override
  public void download(Tensor source, float[] out, int outOffset) {}

  @Override
  public void copy(Tensor source, Tensor out) {}

  @Override
  public void fill(Tensor out, float value) {}

  @Override
  public void synchronize() {}

  @Override
  public void linear(Tensor x, Linear weights, Activation activation, Tensor out) {
    takeForAMoment(ScratchBytes.linear(x, weights));
  }

  @Override
  public void convolve(Tensor x, Conv weights, Tensor out) {
    takeForAMoment(ScratchBytes.convolve(x, weights));
  }

  @Override
  public void attention(
      Tensor q, List<Tensor> k, List<Tensor> v, float scale, @Nullable Tensor bias, Tensor out) {
    takeForAMoment(ScratchBytes.attention(q, out));
  }

  private void takeForAMoment(long bytes) {
    try (Arena.Scope scope = workspace.scope()) {
      workspace.tensor(DType.UINT8, Math.toIntExact(bytes));
    }
  }

  @Override
  public void layerNorm(
      Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon, Tensor out) {
    takeForAMoment(ScratchBytes.quantizing(out));
  }

  @Override
  public void layerNormModulated(Tensor x, Tensor scale, Tensor shift, float epsilon, Tensor out) {
    takeForAMoment(ScratchBytes.quantizing(out));
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {}

  @Override
  public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {}

  @Override
  public void activate(Tensor x, Activation activation, Tensor out) {}

  @Override
  public void add(Tensor a, Tensor b, Tensor out) {}

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {}

  @Override
  public void addScaled(Tensor x, Tensor y, float factor) {}

  @Override
  public void addGated(Tensor x, Tensor y, Tensor gate) {}

  @Override
  public void addRow(Tensor x, Tensor row) {}

  @Override
  public void scaleShift(Tensor x, Tensor scale, Tensor shift, Tensor out) {}

  @Override
  public void rope(Tensor x, Tensor cos, Tensor sin, Tensor out) {}

  @Override
  public void unpatchify(Tensor x, Tensor out) {}

  @Override
  public void upsample2x(Tensor x, Tensor out) {}

  @Override
  public void copyColumns(Tensor x, int firstColumn, Tensor out) {}

  @Override
  public void putColumns(Tensor x, Tensor out, int firstColumn) {}

  @Override
  public void close() {}
}
