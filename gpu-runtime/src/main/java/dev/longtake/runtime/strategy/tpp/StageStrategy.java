package dev.longtake.runtime.strategy.tpp;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.spi.WeightSource;
import dev.longtake.runtime.strategy.resident.ResidentExecutor;
import dev.longtake.runtime.weights.ArenaWeightReader;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Each of several devices is a stage of a pipeline that frame blocks pass: it has the weights of
 * its layers, and the caches of its steps, for as long as the engine is open.
 */
@AutoService(ExecutionStrategy.class)
public final class StageStrategy implements ExecutionStrategy {
  /** The strategy's name. */
  public static final String NAME = "tpp";

  private final @Nullable StageSpan given;

  /** Creates the strategy for a single device, whose stage is everything. */
  public StageStrategy() {
    this.given = null;
  }

  /** Creates the strategy for one stage. */
  public StageStrategy(StageSpan span) {
    this.given = span;
  }

  @Override
  public String name() {
    return NAME;
  }

  /** Reads the stage's layers. */
  @Override
  public DenoiseExecutor open(
      ModelShape shape, ArenaWeightReader weights, Placement placement, Residency residency) {
    StageSpan span = given == null ? StageSpan.whole(shape) : given;
    Map<Integer, DitLayerWeights> layers = new HashMap<>();
    for (int layer = 0; layer < shape.dit().layers(); layer++) {
      if (span.hasLayer(layer)) {
        layers.put(layer, DitLayerWeights.read(weights, shape.dit(), layer));
      } else {
        DitLayerWeights.read(weights.skipping(), shape.dit(), layer);
      }
    }
    return new StageExecutor(
        span, new ResidentExecutor(shape, placement.ops(), new StageWeights(layers), null));
  }

  private record StageWeights(Map<Integer, DitLayerWeights> layers) implements WeightSource {
    @Override
    public DitLayerWeights acquire(int layer) {
      return Objects.requireNonNull(layers.get(layer));
    }

    @Override
    public void release(int layer) {}
  }
}
