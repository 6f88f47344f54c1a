package dev.longtake.runtime.strategy.resident;

import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.WeightSource;
import dev.longtake.runtime.weights.WeightReader;
import java.util.ArrayList;
import java.util.List;

/** All layers' weights, on the device for good. */
public record ResidentWeights(List<DitLayerWeights> layers) implements WeightSource {
  /** Copies the list. */
  public ResidentWeights {
    layers = List.copyOf(layers);
  }

  /** Reads them. */
  public static ResidentWeights read(ModelShape shape, WeightReader weights) {
    List<DitLayerWeights> layers = new ArrayList<>();
    for (int layer = 0; layer < shape.dit().layers(); layer++) {
      layers.add(DitLayerWeights.read(weights, shape.dit(), layer));
    }
    return new ResidentWeights(layers);
  }

  @Override
  public DitLayerWeights acquire(int layer) {
    return layers.get(layer);
  }

  @Override
  public void release(int layer) {}
}
