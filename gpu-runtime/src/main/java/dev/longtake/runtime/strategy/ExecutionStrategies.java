package dev.longtake.runtime.strategy;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.spi.ExecutionStrategy;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** The strategies on the class path. */
public final class ExecutionStrategies {
  private ExecutionStrategies() {}

  /**
   * Returns the strategy of this name.
   *
   * @throws LongtakeException INVALID_CONFIG if there is none, or if two share a name
   */
  public static ExecutionStrategy named(String name) {
    TreeMap<String, ExecutionStrategy> strategies = new TreeMap<>();
    for (ExecutionStrategy strategy :
        ServiceLoader.load(ExecutionStrategy.class, ExecutionStrategy.class.getClassLoader())) {
      ExecutionStrategy other = strategies.put(strategy.name(), strategy);
      if (other != null) {
        throw new LongtakeException(
            ErrorCode.INVALID_CONFIG,
            "Two strategies are named '%s': %s and %s. Remove one of the jars."
                .formatted(name, other.getClass().getName(), strategy.getClass().getName()));
      }
    }
    ExecutionStrategy strategy = strategies.get(name);
    if (strategy == null) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          "No strategy is named '%s'. There are: %s.".formatted(name, strategies.keySet()));
    }
    return strategy;
  }
}
