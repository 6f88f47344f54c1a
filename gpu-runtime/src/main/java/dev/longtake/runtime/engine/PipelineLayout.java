package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.GpuTeam;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.strategy.tpp.StageSpan;
import java.util.ArrayList;
import java.util.List;

/**
 * What each device of a pipeline does: the first ones are its stages, in order. All have about as
 * much to do, so that none waits for another; that of the last stage may include decoding.
 *
 * @param roles by device; there may be fewer than devices
 */
record PipelineLayout(List<StageRole> roles) {
  /** From so many devices on, one of them only decodes. */
  private static final int DEVICES_WITH_A_DECODER = 3;

  /** Copies the list. */
  PipelineLayout {
    roles = List.copyOf(roles);
  }

  /**
   * Deals the work as a configuration wants it.
   *
   * @param devices that there are
   * @throws LongtakeException INVALID_CONFIG if there are too few devices for what was asked
   */
  static PipelineLayout of(int devices, EngineConfig config, ModelShape model) {
    return of(devices, config.team(), model, decodeForwards(config) * model.dit().layers());
  }

  /**
   * Returns how many forwards take as long as decoding a frame block, as measured on one H200 at
   * 720×400; elsewhere, only the balance depends on it.
   */
  private static double decodeForwards(EngineConfig config) {
    if (config.precision() != Precision.FP8) {
      return 0.36;
    }
    return config.kvPrecision() == Precision.FP8 ? 0.58 : 0.47;
  }

  /**
   * Deals the work.
   *
   * @param devices that there are
   * @param decodeLayers how many layers of a forward take as long as decoding a frame block
   * @throws LongtakeException INVALID_CONFIG if there are too few devices for what was asked
   */
  static PipelineLayout of(int devices, GpuTeam team, ModelShape model, double decodeLayers) {
    int stages = team.numGpusDit() == 0 ? usualStages(devices, team, model) : team.numGpusDit();
    int layers = model.dit().layers();
    int work = layers * model.steps();
    if (stages > devices || stages > work) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          ("numGpusDit is %d, but there are %d devices, and %d layers in the %d steps of a frame "
                  + "block. Name more devices, or choose at most %d.")
              .formatted(stages, devices, work, model.steps(), Math.min(devices, work)));
    }
    boolean ownDecoder = stages < devices && team.enableVaeParallel();
    double share = (work + (ownDecoder ? 0 : decodeLayers)) / stages;
    List<StageRole> roles = new ArrayList<>();
    int first = 0;
    for (int stage = 1; stage <= stages; stage++) {
      boolean last = stage == stages;
      int most = work - (stages - stage); // every later stage needs a layer
      int balanced = (int) Math.min(most, Math.round(share * stage));
      int end = last ? work : Math.max(first + 1, balanced);
      roles.add(new StageRole(new StageSpan(layers, first, end), last && !ownDecoder));
      first = end;
    }
    if (ownDecoder) {
      roles.add(new StageRole(null, true));
    }
    return new PipelineLayout(roles);
  }

  /**
   * Returns how many of the devices may make up a pipeline, fewest first: as many as have something
   * to do in one, and, if that makes at least two, as many as there are steps. Which of them is
   * faster is forecast.
   */
  static List<Integer> sizes(EngineConfig config, int devices) {
    GpuTeam team = config.team();
    int asked = team.numGpusDit();
    if (asked > 0) {
      return List.of(team.enableVaeParallel() && devices > asked ? asked + 1 : asked);
    }
    int steps = config.sampleSteps();
    int most = team.enableVaeParallel() ? Math.min(devices, steps + 1) : devices;
    return devices >= 2 * steps ? List.of(steps, most) : List.of(most);
  }

  /** Returns how many pipelines of so many devices have something to do, with so many lanes. */
  static int teams(int devices, int size, int lanes) {
    int most = devices / size;
    return lanes == EngineConfig.LANES_AUTO ? most : Math.min(most, lanes);
  }

  private static int usualStages(int devices, GpuTeam team, ModelShape model) {
    boolean ownDecoder = team.enableVaeParallel() && devices >= DEVICES_WITH_A_DECODER;
    return ownDecoder
        ? Math.min(devices - 1, model.steps())
        : Math.min(devices, model.steps() * model.dit().layers());
  }

  /** Returns how many devices denoise. */
  int stages() {
    return (int) roles.stream().filter(role -> role.span() != null).count();
  }
}
