package dev.longtake.runtime.engine;

import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.tensor.Tensor;
import java.util.function.Supplier;

/** Sees intermediate results of a take, to compare them. Every method defaults to nothing. */
public interface GenerationListener {
  /** Looks at nothing. */
  GenerationListener NONE = new GenerationListener() {};

  /**
   * Learns where what it is told of next is. Of a take that travels from device to device, it is
   * told anew each time, by one thread at a time.
   *
   * @param ops to read tensors with
   */
  default void placed(ComputeDevice device, Ops ops) {}

  /**
   * Sees the caches after the conditions were put into them, before {@code clip}. Not called for a
   * take that travels from device to device: nowhere are all of its caches.
   */
  default void conditioned(int clip, KvStore caches) {}

  /** Learns that a frame block is about to be denoised. */
  default void blockStarted(int clip, int block) {}

  /**
   * Learns that a layer has been queued, before audio is injected.
   *
   * @param hidden gives the hidden states [S, E] when asked now; who does not ask costs nothing
   */
  default void layer(int clip, int block, int step, Supplier<Tensor> hidden) {}

  /** Sees the velocity [3, h, w, C] that a forward predicted. */
  default void velocity(int clip, int block, int step, Tensor velocity) {}

  /** Sees a frame block's final latents [3, h, w, C]. */
  default void latents(int clip, int block, Tensor latents) {}

  /** Learns that decoding a frame block is about to be queued. */
  default void decoding(int clip, int block) {}

  /** Learns that a stage of a pipeline is about to begin its part of a frame block's forwards. */
  default void stageStarted(int clip, int block) {}

  /** Learns that a stage has queued its part; what it has waited for is not counted. */
  default void stageDone(int clip, int block) {}

  /** Learns that decoding a frame block has been queued. */
  default void decoded(int clip, int block) {}
}
