package dev.longtake.runtime.strategy.tpp;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.offload.WeightRing;
import dev.longtake.runtime.strategy.resident.ResidentExecutor;
import dev.longtake.runtime.weights.ArenaWeightReader;
import org.jspecify.annotations.Nullable;

/**
 * Each of several devices is a stage of a pipeline that frame blocks pass: it has the caches of its
 * steps, and the weights of its layers, of which those that do not fit come from host memory.
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

  @Override
  public Residency least(ModelShape shape) {
    return new Residency(0, span(shape).cycle().differentLayers());
  }

  /**
   * Reads the stage's layers.
   *
   * @param residency of the stage's layers, whose caches all stay
   */
  @Override
  public DenoiseExecutor open(
      ModelShape shape, ArenaWeightReader weights, Placement placement, Residency residency) {
    StageSpan span = span(shape);
    WeightRing ring =
        WeightRing.load(shape, weights, placement, residency.weightLayers(), span.cycle());
    return new StageExecutor(span, new ResidentExecutor(shape, placement.ops(), ring, null));
  }

  private StageSpan span(ModelShape shape) {
    return given == null ? StageSpan.whole(shape) : given;
  }
}
