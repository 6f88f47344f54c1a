package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.strategy.sharded.ShardedStrategy;
import dev.longtake.runtime.strategy.tpp.StageStrategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides whether several devices work together where a configuration leaves that open: they do
 * where none can have the model alone, or where there are fewer takes at once than devices. All
 * ways that are chosen from give the bits of one device.
 *
 * @param config with the strategy {@code auto}
 * @param device like each of the devices; it is planned for and not used
 */
record TeamChooser(EngineConfig config, ModelSource source, ComputeDevice device) {
  private static final int FEWEST = 2;

  /**
   * What was chosen.
   *
   * @param config with another strategy, or as it was where each device works alone
   * @param reason for people
   */
  record Team(EngineConfig config, String reason) {}

  /** Returns how many devices work together of those that there are; 1 if none do. */
  int devicesTogether(int available) {
    if (fitsAlone()) {
      return 1;
    }
    for (int devices = FEWEST; devices <= available; devices++) {
      if (together(devices, new ArrayList<>()).isPresent()) {
        return devices;
      }
    }
    return 1; // which is refused with what would fit
  }

  /**
   * Chooses for so many devices, at least two.
   *
   * @throws LongtakeException PLAN_DOES_NOT_FIT, with what each way lacks
   */
  Team choose(int devices) {
    boolean alone = fitsAlone();
    if (alone && hasWorkForAll(devices)) {
      return new Team(config, "");
    }
    List<String> refusals = new ArrayList<>();
    Optional<EngineConfig> together = together(devices, refusals);
    if (together.isPresent()) {
      String reason =
          alone
              ? "%d lane%s would leave some of %d devices idle"
                  .formatted(config.lanes(), config.lanes() == 1 ? "" : "s", devices)
              : "no device can have the model alone";
      return new Team(together.get(), reason);
    }
    if (alone) {
      return new Team(config, "");
    }
    Engines.requireFits(config, source, device, 1); // throws
    throw new LongtakeException(ErrorCode.PLAN_DOES_NOT_FIT, String.join(" ", refusals));
  }

  private boolean hasWorkForAll(int devices) {
    return config.lanes() == EngineConfig.LANES_AUTO || config.lanes() >= devices;
  }

  private boolean fitsAlone() {
    EngineConfig single =
        config.lanes() == EngineConfig.LANES_AUTO ? config : config.on(config.device(), 1);
    return refusal(single, 1).isEmpty();
  }

  private Optional<EngineConfig> together(int devices, List<String> refusals) {
    List<String> strategies =
        hasWorkForAll(devices)
            ? List.of(StageStrategy.NAME, ShardedStrategy.NAME)
            : List.of(StageStrategy.NAME);
    for (String strategy : strategies) {
      EngineConfig way = config.withStrategy(strategy);
      Optional<String> refusal = refusal(way, devices);
      if (refusal.isEmpty()) {
        return Optional.of(way);
      }
      refusals.add(refusal.get());
    }
    return Optional.empty();
  }

  private Optional<String> refusal(EngineConfig way, int devices) {
    try {
      Engines.requireFits(way, source, device, devices);
      return Optional.empty();
    } catch (LongtakeException e) {
      if (e.code() == ErrorCode.PLAN_DOES_NOT_FIT) {
        return Optional.of(String.valueOf(e.getMessage()));
      }
      throw e;
    }
  }
}
