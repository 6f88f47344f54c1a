package dev.longtake.runtime.engine;

import static java.util.Comparator.comparingDouble;

import dev.longtake.runtime.api.Choice;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.Fidelity;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.MemorySize;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.Candidate.Format;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Chooses how an engine is placed on one device: of all ways that a configuration leaves open and
 * that fit, the one that is forecast to be fastest. A simpler one is preferred unless it is 2 %
 * slower: one in the precision that was asked for, one without copies, one with fewer lanes.
 */
final class StrategyChooser {
  /** What chooses a strategy where the device's memory is known. */
  static final String AUTO = "auto";

  static final List<String> SIMPLEST_FIRST = List.of("resident", "offload");

  /** What is not faster by more than this is not worth a less simple way. */
  static final double WORTH_IT = 1.02;

  private static final int BLOCK_FRAMES = EngineShape.blockVideoFrames();

  private final EngineConfig config;
  private final List<ExecutionStrategy> strategies;
  private final EnginePlanners planners;

  /**
   * What was chosen.
   *
   * @param device in the precision that was chosen; see {@link ComputeDevice#in}
   */
  record Chosen(Candidate candidate, ComputeDevice device, Choice choice) {}

  /**
   * Prepares a choice; plans nothing yet.
   *
   * @param given the only strategy, or null for what the configuration says
   */
  StrategyChooser(
      EngineConfig config,
      @Nullable ExecutionStrategy given,
      ModelSource source,
      ComputeDevice device) {
    this(config, given, new EnginePlanners(config, source, device));
  }

  /**
   * Prepares a choice that shares plans with others; plans nothing yet.
   *
   * @param planners for the same sizes and precisions
   */
  StrategyChooser(EngineConfig config, @Nullable ExecutionStrategy given, EnginePlanners planners) {
    this.config = config;
    this.strategies = strategies(config, given);
    this.planners = planners;
  }

  private static List<ExecutionStrategy> strategies(
      EngineConfig config, @Nullable ExecutionStrategy given) {
    if (given != null) {
      return List.of(given);
    }
    List<String> names =
        config.strategy().equals(AUTO) ? SIMPLEST_FIRST : List.of(config.strategy());
    return names.stream().map(ExecutionStrategies::named).toList();
  }

  /**
   * Chooses among what the configuration leaves open.
   *
   * @throws LongtakeException PLAN_DOES_NOT_FIT if nothing fits, with the numbers and what would
   */
  Chosen choose(MemoryBudget budget) {
    return choose(budget, lanes());
  }

  /**
   * Refuses what {@link #choose} would. Forecasts nothing, so that it takes no longer than a plan.
   *
   * @throws LongtakeException PLAN_DOES_NOT_FIT if nothing fits, with the numbers and what would
   */
  void requireFits(MemoryBudget budget) {
    List<Integer> lanes = lanes();
    if (ringFrames().stream().noneMatch(frames -> anyFits(budget, lanes.get(0), frames))) {
      throw refusal(budget, lanes);
    }
  }

  private boolean anyFits(MemoryBudget budget, int lanes, int ringFrames) {
    return formats(ringFrames).stream()
        .anyMatch(
            format ->
                strategies.stream()
                    .anyMatch(strategy -> budget.holds(plan(budget, strategy, format, lanes))));
  }

  private EnginePlan plan(
      MemoryBudget budget, ExecutionStrategy strategy, Format format, int lanes) {
    return planners.in(format).plan(strategy, lanes, budget.deviceBytes(), budget.hostBytes());
  }

  /** Chooses among what needs less memory, too: as many lanes as were asked for, or fewer. */
  Chosen chooseSmaller(MemoryBudget budget) {
    return config.lanes() == EngineConfig.LANES_AUTO
        ? choose(budget)
        : choose(
            budget,
            IntStream.iterate(config.lanes(), count -> count >= 1, count -> count - 1)
                .boxed()
                .toList());
  }

  /** Chooses among these numbers of lanes, the preferred one first. */
  private Chosen choose(MemoryBudget budget, List<Integer> lanes) {
    for (int frames : ringFrames()) {
      List<Candidate> fitting = fitting(budget, lanes, frames);
      if (!fitting.isEmpty()) {
        return choose(budget, lanes, fitting);
      }
    }
    throw refusal(budget, lanes);
  }

  private List<Integer> lanes() {
    return config.lanes() == EngineConfig.LANES_AUTO
        ? IntStream.rangeClosed(1, EngineConfig.MOST_LANES).boxed().toList()
        : List.of(config.lanes());
  }

  private List<Integer> ringFrames() {
    if (config.fidelity() == Fidelity.AS_ASKED) {
      return List.of(config.clipFrames());
    }
    int blocks = config.clipFrames() / BLOCK_FRAMES;
    return IntStream.iterate(blocks, count -> count >= 1, count -> count - 1)
        .filter(count -> blocks % count == 0)
        .mapToObj(count -> count * BLOCK_FRAMES)
        .toList();
  }

  /** Returns the precisions that may be used, those that were asked for first. */
  private Set<Format> formats(int ringFrames) {
    Set<Format> formats = new LinkedHashSet<>();
    for (Precision layers : allowed(config.precision())) {
      for (Precision caches : allowed(config.kvPrecision())) {
        formats.add(new Format(layers, caches, ringFrames));
      }
    }
    return formats;
  }

  private List<Precision> allowed(Precision asked) {
    boolean mayBeLower = config.fidelity() == Fidelity.MAY_DEGRADE && asked != Precision.FP8;
    return mayBeLower && planners.device().computesIn(Precision.FP8)
        ? List.of(asked, Precision.FP8)
        : List.of(asked);
  }

  private List<Candidate> fitting(MemoryBudget budget, List<Integer> lanes, int ringFrames) {
    List<Candidate> fitting = new ArrayList<>();
    for (Format format : formats(ringFrames)) {
      for (ExecutionStrategy strategy : strategies) {
        for (int count : lanes) {
          candidate(budget, strategy, format, count).ifPresent(fitting::add);
        }
      }
    }
    return fitting;
  }

  private Optional<Candidate> candidate(
      MemoryBudget budget, ExecutionStrategy strategy, Format format, int lanes) {
    EnginePlanner planner = planners.in(format);
    EnginePlan plan = plan(budget, strategy, format, lanes);
    return budget.holds(plan)
        ? Optional.of(
            new Candidate(
                strategy,
                format,
                planner,
                plan,
                planner.forecast(strategy, plan, planners.speed())))
        : Optional.empty();
  }

  /** Returns what {@link #choose} would, without words; nothing if nothing fits. */
  Optional<Candidate> fastest(MemoryBudget budget) {
    return ringFrames().stream()
        .map(frames -> fitting(budget, lanes(), frames))
        .filter(fitting -> !fitting.isEmpty())
        .findFirst()
        .map(StrategyChooser::fastest);
  }

  /** Returns the plan that {@link #choose} would refuse: what needs least of what is left open. */
  EnginePlan leanest(MemoryBudget budget) {
    Format asked = new Format(config.precision(), config.kvPrecision(), config.clipFrames());
    return plan(budget, strategies.get(strategies.size() - 1), asked, lanes().get(0));
  }

  private static Candidate fastest(List<Candidate> fitting) {
    double best = fitting.stream().mapToDouble(each -> each.forecast().fps()).max().orElseThrow();
    return fitting.stream()
        .filter(each -> each.forecast().fps() * WORTH_IT >= best)
        .findFirst()
        .orElseThrow();
  }

  private Chosen choose(MemoryBudget budget, List<Integer> lanes, List<Candidate> fitting) {
    Candidate chosen = fastest(fitting);
    Choice choice =
        new Choice(
            chosen.describe(),
            chosen.plan().describe(),
            reason(budget, lanes, fitting, chosen),
            chosen.forecast().fps() / chosen.forecast().lanes());
    return new Chosen(chosen, planners.deviceIn(chosen.format()), choice);
  }

  private String reason(
      MemoryBudget budget, List<Integer> lanes, List<Candidate> fitting, Candidate chosen) {
    StringBuilder reason =
        new StringBuilder(
            fitting.size() == 1
                ? "the only way that was asked for and fits"
                : "the best of %d ways that fit".formatted(fitting.size()));
    reason.append(fps(chosen));
    fitting.stream()
        .filter(other -> !sameKind(other, chosen))
        .max(comparingDouble(other -> other.forecast().fps()))
        .ifPresent(other -> reason.append("; next ").append(other.describe()).append(fps(other)));
    for (ExecutionStrategy strategy : strategies) {
      if (fitting.stream().noneMatch(each -> each.strategy().equals(strategy))) {
        EnginePlan least = plan(budget, strategy, chosen.format(), lanes.get(0));
        reason.append("; ").append(whyNot(strategy, least, budget));
      }
    }
    if (chosen.format().ringFrames() < config.clipFrames()) {
      reason.append(
          "; nothing fits with a memory of %d frames, so it has %d"
              .formatted(config.clipFrames(), chosen.format().ringFrames()));
    }
    return reason.toString();
  }

  private String fps(Candidate candidate) {
    return planners.speed().calibrated()
        ? String.format(Locale.ROOT, ", %.1f fps forecast", candidate.forecast().fps())
        : "";
  }

  private static boolean sameKind(Candidate one, Candidate other) {
    return one.strategy().equals(other.strategy()) && one.format().equals(other.format());
  }

  private static String whyNot(ExecutionStrategy strategy, EnginePlan least, MemoryBudget budget) {
    boolean deviceIsTooSmall = least.memory().totalBytes() > budget.deviceBytes();
    return "%s needs %s GiB of the %s's %s"
        .formatted(
            strategy.name(),
            MemorySize.gib(
                deviceIsTooSmall ? least.memory().totalBytes() : least.memory().hostBytes()),
            deviceIsTooSmall ? "device" : "host",
            MemorySize.gib(deviceIsTooSmall ? budget.deviceBytes() : budget.hostBytes()));
  }

  private LongtakeException refusal(MemoryBudget budget, List<Integer> lanes) {
    Format asked = new Format(config.precision(), config.kvPrecision(), config.clipFrames());
    ExecutionStrategy strategy = strategies.get(strategies.size() - 1);
    EnginePlanner planner = planners.in(asked);
    EnginePlan plan = plan(budget, strategy, asked, lanes.get(0));
    String otherwise =
        leaner(asked)
            .flatMap(lean -> candidate(budget, strategies.get(strategies.size() - 1), lean, 1))
            .map(found -> " With FP8 fits: %s.".formatted(found.describe()))
            .orElse("");
    return planner.refusal(plan, strategy, budget.deviceBytes(), budget.hostBytes(), otherwise);
  }

  /** Returns the precisions that need least, if they are others. */
  private Optional<Format> leaner(Format asked) {
    if (!planners.device().computesIn(Precision.FP8)) {
      return Optional.empty();
    }
    Format lean = new Format(Precision.FP8, Precision.FP8, asked.ringFrames());
    return lean.equals(asked) ? Optional.empty() : Optional.of(lean);
  }
}
