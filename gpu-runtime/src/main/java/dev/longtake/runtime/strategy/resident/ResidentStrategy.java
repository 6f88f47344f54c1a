package dev.longtake.runtime.strategy.resident;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.spi.WeightSource;
import dev.longtake.runtime.weights.ArenaWeightReader;
import java.util.ArrayList;
import java.util.List;

/** All weights and all caches on one device, for as long as the engine is open. */
@AutoService(ExecutionStrategy.class)
public final class ResidentStrategy implements ExecutionStrategy {
  @Override
  public String name() {
    return "resident";
  }

  @Override
  public Residency least(ModelShape shape) {
    return Residency.all(shape.dit().layers());
  }

  @Override
  public DenoiseExecutor open(
      ModelShape shape, ArenaWeightReader weights, Placement placement, Residency residency) {
    List<DitLayerWeights> layers = new ArrayList<>();
    for (int layer = 0; layer < shape.dit().layers(); layer++) {
      layers.add(DitLayerWeights.read(weights, shape.dit(), layer));
    }
    return new ResidentExecutor(shape, placement.ops(), new ResidentWeights(layers));
  }

  private record ResidentWeights(List<DitLayerWeights> layers) implements WeightSource {
    @Override
    public DitLayerWeights acquire(int layer) {
      return layers.get(layer);
    }

    @Override
    public void release(int layer) {}
  }
}
