package dev.longtake.runtime.engine;

import static dev.longtake.runtime.api.MemorySize.gib;

import com.google.common.base.Suppliers;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.PlannedQueues;
import dev.longtake.runtime.engine.forecast.DeviceSpeed;
import dev.longtake.runtime.engine.forecast.SweepForecast;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.MemoryPlan;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.ExecutionStrategy;
import dev.longtake.runtime.spi.HostLayers;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.ExecutionStrategies;
import dev.longtake.runtime.strategy.sharded.HeadsStrategy;
import dev.longtake.runtime.strategy.sharded.ShardedStrategy;
import dev.longtake.runtime.tensor.DType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Supplier;

/**
 * Finds out what an engine will need by running it where nothing is computed: it loads, encodes the
 * largest conditions, and generates until every kind of work has been done. Where a strategy can
 * keep layers elsewhere, as many stay on the device as fit: weights first, because every forward
 * needs them, and only one in so many steps a given ring.
 */
final class EnginePlanner {
  private static final String SMALLEST_STRATEGY = "offload";

  private final EngineShape shape;
  private final ModelSource source;
  private final ComputeDevice device;
  private final Supplier<String> identity;
  private final int layers;
  private final boolean encodesText;
  private final EncodingPlan encoding;
  private final long workspaceBytes;
  private final DType cacheType;
  private final ExecutionStrategy smallestStrategy = ExecutionStrategies.named(SMALLEST_STRATEGY);
  private final Map<Placed, Sizes> sizes = new HashMap<>();

  /**
   * Rehearses everything. What is the same for all strategies is known then.
   *
   * @param device that is planned for; nothing is allocated on it
   */
  EnginePlanner(EngineShape shape, ModelSource source, ComputeDevice device) {
    this(shape, source, device, EncodingPlan.rehearse(shape, source, device));
  }

  /** Rehearses what the encoding does not tell. */
  EnginePlanner(
      EngineShape shape, ModelSource source, ComputeDevice device, EncodingPlan encoding) {
    this.shape = shape;
    this.source = source;
    this.device = device;
    this.encoding = encoding;
    this.identity = Suppliers.memoize(source::identity);
    this.layers = shape.model().dit().layers();
    this.encodesText = source.parts().contains(ModelPart.TEXT);
    ExecutionStrategy strategy = ExecutionStrategies.named("resident");
    try (Ops ops = device.planningOps()) {
      Parts parts = new Parts();
      ModelStack stack = parts.load(strategy, strategy.least(shape.model()), ops);
      this.cacheType = ops.cacheType();
      this.workspaceBytes = rehearsedBytes(stack, parts.lane(stack));
    }
  }

  /** Generates once; returns the workspace that this takes, or encoding. */
  private long rehearsedBytes(ModelStack stack, Lane lane) {
    rehearse(stack, lane);
    return device.fixedWorkspaceBytes()
        + Math.max(encoding.workspaceBytes(), stack.ops().workspace().peakBytes());
  }

  /** Returns what encoding needs. */
  EncodingPlan encoding() {
    return encoding;
  }

  /** Returns the sizes that are planned for. */
  EngineShape shape() {
    return shape;
  }

  /** Memory of each kind that an engine takes. */
  private final class Parts {
    private final Arena weights = new Arena("planned weights", new PlannedBlock());
    private final Arena hostWeights = new Arena("planned host weights", new PlannedBlock());
    private final Arena lane = new Arena("planned lane", new PlannedBlock());
    private final Arena hostLane = new Arena("planned host lane", new PlannedBlock());

    ModelStack load(ExecutionStrategy strategy, Residency residency, Ops ops) {
      Placement placement =
          new Placement(ops, new PlannedQueues(), weights, HostLayers.in(hostWeights));
      return ModelStack.load(
          shape, source, source::plannedReader, strategy, residency, device, placement);
    }

    Lane lane(ModelStack stack) {
      return Lane.allocate(stack, lane, hostLane);
    }

    Sizes sizes(long workspace) {
      return new Sizes(
          weights.peakBytes(),
          hostWeights.peakBytes(),
          lane.peakBytes(),
          hostLane.peakBytes(),
          workspace);
    }
  }

  private record Placed(ExecutionStrategy strategy, Residency residency) {}

  private record Sizes(long weights, long hostWeights, long lane, long hostLane, long workspace) {}

  /**
   * Plans an engine that keeps as much on the device as fits. If nothing fits, the plan is the
   * smallest there is.
   *
   * @param budgetBytes most memory to use on the device
   * @param hostBudgetBytes most pinned host memory to use
   */
  EnginePlan plan(ExecutionStrategy strategy, int lanes, long budgetBytes, long hostBudgetBytes) {
    Residency least = strategy.least(shape.model());
    EnginePlan smallest = smallest(strategy, least, lanes);
    if (smallest.memory().totalBytes() > budgetBytes) {
      return smallest;
    }
    int weightLayers =
        most(
            least.weightLayers(),
            layers,
            count ->
                smallest(strategy, new Residency(count, least.cacheLayers()), lanes)
                        .memory()
                        .totalBytes()
                    <= budgetBytes);
    int cacheLayers =
        weightLayers < layers
            ? least.cacheLayers()
            : most(
                least.cacheLayers(),
                layers,
                count ->
                    smallest(strategy, new Residency(layers, count), lanes).memory().totalBytes()
                        <= budgetBytes);
    Residency residency = new Residency(weightLayers, cacheLayers);
    EnginePlan plan = smallest(strategy, residency, lanes);
    if (encodesText && residency.equals(Residency.all(layers))) {
      MemoryPlan bare = memory(strategy, residency, lanes);
      EnginePlan resident =
          new EnginePlan(
              bare.withTextEncoder(encoding.textBytes()),
              residency,
              layers,
              TextPlacement.RESIDENT);
      EnginePlan guest =
          new EnginePlan(
              bare.withGuests(encoding.textBytes()), residency, layers, TextPlacement.GUEST);
      for (EnginePlan roomier : List.of(resident, guest)) {
        if (roomier.fits(budgetBytes, hostBudgetBytes)) {
          return roomier;
        }
      }
    }
    return plan;
  }

  /** Returns the most of so many layers that fit, at least {@code least}. */
  static int most(int least, int layers, IntPredicate fits) {
    if (least == layers || fits.test(layers)) {
      return layers;
    }
    int low = least;
    int high = layers - 1;
    while (low < high) {
      int middle = (low + high + 1) / 2;
      if (fits.test(middle)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private EnginePlan smallest(ExecutionStrategy strategy, Residency residency, int lanes) {
    MemoryPlan bare = memory(strategy, residency, lanes);
    if (!encodesText) {
      return new EnginePlan(bare, residency, layers, TextPlacement.ABSENT);
    }
    TextPlacement text =
        encoding.textBytes() <= bare.laneBytes()
            ? TextPlacement.GUEST
            : TextPlacement.LAYER_BY_LAYER;
    return new EnginePlan(bare.withGuests(encoding.textLayerBytes()), residency, layers, text);
  }

  private MemoryPlan memory(ExecutionStrategy strategy, Residency residency, int lanes) {
    Sizes each = sizes(strategy, residency);
    return new MemoryPlan(
        each.weights(),
        0,
        each.lane(),
        lanes,
        each.workspace(),
        device.driverBytes(each.hostWeights() + lanes * each.hostLane()),
        each.hostWeights() - thereBytes(each.hostWeights(), residency),
        each.hostLane());
  }

  /** Returns how much of the host's part of the weights other engines of this process have. */
  private long thereBytes(long hostWeightBytes, Residency residency) {
    return hostWeightBytes == 0
        ? 0
        : HostWeights.bytes(
            identity,
            device.layerType(),
            layer -> !Residency.stays(layer, residency.weightLayers(), layers));
  }

  private Sizes sizes(ExecutionStrategy strategy, Residency residency) {
    return sizes.computeIfAbsent(
        new Placed(strategy, residency),
        placed -> {
          try (Ops ops = device.planningOps()) {
            Parts parts = new Parts();
            ModelStack stack = parts.load(strategy, residency, ops);
            return parts.sizes(workspaceBytes(stack, parts.lane(stack)));
          }
        });
  }

  /** Forecasts how fast an engine will be; one of several that divide all work, if it is. */
  SweepForecast forecast(ExecutionStrategy strategy, EnginePlan plan, DeviceSpeed speed) {
    int lanes = plan.memory().lanes();
    double hostSeconds = speed.hostSeconds(layerBytes());
    if (strategy instanceof ShardedStrategy sharded) {
      Residency own = sharded.ownLayers(shape.model());
      return SweepForecast.of(job(), own, speed.peerSeconds(layerBytes()), lanes, 1, speed);
    }
    int devices = strategy instanceof HeadsStrategy heads ? heads.devices() : 1;
    return SweepForecast.of(job(), plan.residency(), hostSeconds, lanes, devices, speed);
  }

  /** Forecasts a device that has everything it needs, in whatever memory. */
  SweepForecast forecastResident(DeviceSpeed speed) {
    return SweepForecast.of(job(), Residency.all(layers), 0, 1, 1, speed);
  }

  /**
   * Forecasts a device of a pipeline, as if it did whole forwards.
   *
   * @param stage of which as large a part of the layers stays
   */
  SweepForecast forecast(EnginePlan stage, DeviceSpeed speed) {
    int staying =
        stage.layers() == 0 ? layers : layers * stage.residency().weightLayers() / stage.layers();
    return SweepForecast.of(
        job(), new Residency(staying, layers), speed.hostSeconds(layerBytes()), 1, 1, speed);
  }

  private SweepForecast.Job job() {
    return new SweepForecast.Job(
        shape.model(), shape.vae(), device.activationType(), device.layerType(), cacheType);
  }

  /** Returns the bytes of a layer's weights, of all layers on average. */
  private double layerBytes() {
    return (double) sizes(smallestStrategy, smallestStrategy.least(shape.model())).hostWeights()
        / layers;
  }

  /** Whoever shares forwards with other devices needs a workspace of another size than others. */
  private long workspaceBytes(ModelStack stack, Lane lane) {
    return stack.transformer().executor().division() == null
        ? workspaceBytes
        : rehearsedBytes(stack, lane);
  }

  /**
   * Refuses a plan that is larger than what it may use.
   *
   * @throws LongtakeException PLAN_DOES_NOT_FIT, with the numbers and what would fit
   */
  void requireFits(
      EnginePlan plan, ExecutionStrategy strategy, long budgetBytes, long hostBudgetBytes) {
    if (!plan.fits(budgetBytes, hostBudgetBytes)) {
      throw refusal(plan, strategy, budgetBytes, hostBudgetBytes, "");
    }
  }

  /**
   * Says why a plan is refused, and what would fit.
   *
   * @param otherwise what else would, as further sentences
   */
  LongtakeException refusal(
      EnginePlan plan,
      ExecutionStrategy strategy,
      long budgetBytes,
      long hostBudgetBytes,
      String otherwise) {
    String budget =
        plan.memory().totalBytes() > budgetBytes
            ? "the budget is %s GiB".formatted(gib(budgetBytes))
            : "the host has %s GiB to pin".formatted(gib(hostBudgetBytes));
    return new LongtakeException(
        ErrorCode.PLAN_DOES_NOT_FIT,
        "Strategy '%s' needs %s, but %s. %s"
            .formatted(
                strategy.name(),
                plan.describe(),
                budget,
                advice(strategy, plan.memory().lanes(), budgetBytes, hostBudgetBytes) + otherwise));
  }

  private String advice(
      ExecutionStrategy strategy, int lanes, long budgetBytes, long hostBudgetBytes) {
    ExecutionStrategy offload = smallestStrategy;
    for (ExecutionStrategy other : List.of(strategy, offload)) {
      for (int fewer = lanes; fewer >= 1; fewer--) {
        if (plan(other, fewer, budgetBytes, hostBudgetBytes).fits(budgetBytes, hostBudgetBytes)) {
          return "What fits: strategy %s with %d lane%s."
              .formatted(other.name(), fewer, fewer == 1 ? "" : "s");
        }
      }
    }
    EnginePlan least = smallest(offload, offload.least(shape.model()), 1);
    return ("The least for this size is strategy %s with 1 lane in %s GiB, and %s GiB of pinned"
            + " host memory. Use a smaller size or fewer frames a clip, or raise the budget to"
            + " that.")
        .formatted(
            offload.name(), gib(least.memory().totalBytes()), gib(least.memory().hostBytes()));
  }

  private void rehearse(ModelStack stack, Lane lane) {
    ClipGenerator generator =
        new ClipGenerator(
            stack,
            lane,
            null,
            encoding.spec(),
            Rehearsal.SILENCE,
            pass -> stack.transformer().executor().sweep(List.of(pass)),
            GenerationListener.NONE);
    generator.start();
    for (int block = 0; block <= shape.model().blocks(); block++) {
      generator.nextBlock(Runnable::run, (frame, rgb) -> {});
    }
  }
}
