package dev.longtake.runtime.strategy.tpp;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.model.dit.LayerRange;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.strategy.LayerCycle;
import java.util.ArrayList;
import java.util.List;

/**
 * What one stage of a pipeline does of a frame block's forwards: a run of their layers, counted
 * from the first layer of the first step to the last layer of the last one.
 *
 * @param layers of a forward
 * @param first from 0
 * @param end behind the last
 */
public record StageSpan(int layers, int first, int end) {
  /** Checks that there is something to do. */
  public StageSpan {
    checkArgument(
        layers > 0 && first >= 0 && first < end,
        "no stage goes from %s to %s of layers in forwards of %s",
        first,
        end,
        layers);
  }

  /**
   * A part of a denoising step.
   *
   * @param layers that the stage has of it
   */
  public record StepPart(int step, LayerRange layers) {}

  /**
   * A part of a pass that fills condition caches.
   *
   * @param receives whether the stage before has the hidden states to begin with
   * @param ends whether it ends where the stage does, so that the next one may ask for its hidden
   *     states
   */
  public record ConditionPart(LayerRange layers, boolean receives, boolean ends) {}

  /** Returns everything that there is to do. */
  public static StageSpan whole(ModelShape shape) {
    int layers = shape.dit().layers();
    return new StageSpan(layers, 0, layers * shape.steps());
  }

  /** Returns the order in which the stage needs its layers, block after block. */
  public LayerCycle cycle() {
    return new LayerCycle(layers, first, end);
  }

  /** Returns the layer that the stage begins with. */
  public int firstLayer() {
    return first % layers;
  }

  /** Returns the layer behind the one that the stage ends with. */
  public int endLayer() {
    return (end - 1) % layers + 1;
  }

  /** Returns whether every layer belongs to the stage, in one step or another. */
  public boolean hasAllLayers() {
    return end - first >= layers;
  }

  /** Returns the first step in which a layer belongs to the stage. */
  int firstStep(int layer) {
    return Math.floorDiv(first - layer + layers - 1, layers);
  }

  /** Returns the step behind the last one in which a layer belongs to the stage. */
  int endStep(int layer) {
    return Math.floorDiv(end - 1 - layer, layers) + 1;
  }

  /** Returns whether a layer belongs to the stage in any step. */
  boolean hasLayer(int layer) {
    return cycle().contains(layer);
  }

  /** Returns whether the stage begins within a step, with the hidden states of the one before. */
  public boolean receivesHidden() {
    return firstLayer() > 0;
  }

  /**
   * Returns whether conditions come from the stage before, as layers before the first are absent.
   */
  public boolean receivesConditions() {
    return receivesHidden() && !hasAllLayers();
  }

  /** Returns what the stage does of each step, in order. */
  public List<StepPart> parts() {
    List<StepPart> parts = new ArrayList<>();
    for (int from = first; from < end; from = (from / layers + 1) * layers) {
      int step = from / layers;
      int to = Math.min(end, (step + 1) * layers);
      parts.add(new StepPart(step, new LayerRange(from % layers, to - step * layers)));
    }
    return parts;
  }

  /**
   * Returns how conditions go through the stage's layers, each once: those that need nothing from
   * the stage before come first, so that stages do not wait for each other longer than they must.
   */
  public List<ConditionPart> conditionParts() {
    List<ConditionPart> parts = new ArrayList<>();
    int split = endLayer();
    if (hasAllLayers()) {
      parts.add(new ConditionPart(LayerRange.first(split), false, true));
      if (split < layers) {
        parts.add(new ConditionPart(new LayerRange(split, layers), false, false));
      }
    } else if (end <= (first / layers + 1) * layers) {
      parts.add(new ConditionPart(new LayerRange(firstLayer(), split), receivesHidden(), true));
    } else {
      parts.add(new ConditionPart(LayerRange.first(split), false, true));
      parts.add(new ConditionPart(new LayerRange(firstLayer(), layers), true, false));
    }
    return parts;
  }

  /** Returns what the stage does, for people, who count from 1. */
  @Override
  public String toString() {
    return "step %d, layer %d to step %d, layer %d"
        .formatted(first / layers + 1, firstLayer() + 1, (end - 1) / layers + 1, endLayer());
  }
}
