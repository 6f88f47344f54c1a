package dev.longtake.runtime.spi;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/** Memory of the host for layers' weights, which several engines may stream to their devices. */
public interface HostLayers {
  /**
   * The memory of a layer.
   *
   * @param memory all of its weights together, in fp32 as what can be copied anywhere
   * @param filled whether the weights are there; else whoever took it brings them
   */
  record HostLayer(Tensor memory, boolean filled) {}

  /**
   * Takes the memory of a layer, for as long as the engine; waits while another one brings it. To
   * be taken in ascending order, so that engines that need different layers never wait in a circle.
   *
   * @param extent of the layer's weights, in fp32
   * @throws dev.longtake.runtime.api.LongtakeException OUT_OF_HOST_MEMORY if there is not enough
   */
  HostLayer take(int layer, Shape extent);

  /** Returns memory that nobody else has, from {@code arena}. */
  static HostLayers in(Arena arena) {
    return (layer, extent) -> new HostLayer(arena.tensor(DType.FP32, extent), false);
  }
}
