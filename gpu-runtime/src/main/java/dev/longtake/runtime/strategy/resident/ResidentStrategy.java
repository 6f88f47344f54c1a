package dev.longtake.runtime.strategy.resident;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.weights.ArenaWeightReader;

/** All weights and all caches on one device, for as long as the engine is open. */
@AutoService(ExecutionStrategy.class)
public final class ResidentStrategy implements ExecutionStrategy {
  @Override
  public String name() {
    return "resident";
  }

  @Override
  public DenoiseExecutor open(
      ModelShape shape, ArenaWeightReader weights, Placement placement, Residency residency) {
    return new ResidentExecutor(shape, placement.ops(), ResidentWeights.read(shape, weights), null);
  }
}
