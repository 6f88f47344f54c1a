package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;
import java.util.function.Supplier;

/**
 * Tells a listener what happens on one device of a pipeline, after telling it where that is.
 *
 * @param inner told by one device at a time
 */
record StageListener(GenerationListener inner, ComputeDevice device, Ops ops)
    implements GenerationListener {
  private void tell(Runnable event) {
    synchronized (inner) {
      inner.placed(device, ops);
      event.run();
    }
  }

  @Override
  public void blockStarted(int clip, int block) {
    tell(() -> inner.blockStarted(clip, block));
  }

  @Override
  public void stageStarted(int clip, int block) {
    tell(() -> inner.stageStarted(clip, block));
  }

  @Override
  public void stageDone(int clip, int block) {
    tell(() -> inner.stageDone(clip, block));
  }

  @Override
  public void layer(int clip, int block, int step, Supplier<Tensor> hidden) {
    tell(() -> inner.layer(clip, block, step, hidden));
  }

  @Override
  public void velocity(int clip, int block, int step, Tensor velocity) {
    tell(() -> inner.velocity(clip, block, step, velocity));
  }

  @Override
  public void latents(int clip, int block, Tensor latents) {
    tell(() -> inner.latents(clip, block, latents));
  }

  @Override
  public void decoding(int clip, int block) {
    tell(() -> inner.decoding(clip, block));
  }

  @Override
  public void decoded(int clip, int block) {
    tell(() -> inner.decoded(clip, block));
  }
}
