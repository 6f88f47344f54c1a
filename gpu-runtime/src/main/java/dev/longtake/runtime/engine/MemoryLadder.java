package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.Choice;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.engine.StrategyChooser.Chosen;
import dev.longtake.runtime.engine.device.ComputeDevice;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Steps down where a device or its host refuses memory that was planned to be there, because
 * somebody else took it meanwhile, or the driver cannot give it in one piece. Each step is a choice
 * with a smaller budget: what needs less and is fastest then, be that fewer lanes, fewer layers on
 * the device, another strategy if none was asked for, or, where that is allowed, other pixels.
 */
final class MemoryLadder {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryLadder.class);

  private final StrategyChooser chooser;
  private final ComputeDevice device;
  private final List<String> refusals = new ArrayList<>();
  private MemoryBudget budget;

  /** Begins at the top: with everything that is there. */
  MemoryLadder(StrategyChooser chooser, ComputeDevice device, MemoryBudget budget) {
    this.chooser = chooser;
    this.device = device;
    this.budget = budget;
  }

  /**
   * Returns what to try next.
   *
   * @throws LongtakeException PLAN_DOES_NOT_FIT if nothing is left, with what was refused before
   */
  Chosen next() {
    if (refusals.isEmpty()) {
      return chooser.choose(budget);
    }
    String refused = String.join("; ", refusals);
    try {
      Chosen chosen = chooser.chooseSmaller(budget);
      Choice choice = chosen.choice();
      return new Chosen(
          chosen.candidate(),
          chosen.device(),
          new Choice(
              choice.strategy(),
              choice.plan(),
              choice.reason() + "; stepped down: " + refused,
              choice.takeFps()));
    } catch (LongtakeException e) {
      throw new LongtakeException(
          e.code(), "%s Before that: %s.".formatted(e.getMessage(), refused), e);
    }
  }

  /**
   * Notes that memory was refused. Everything that was opened must have been closed.
   *
   * @param refusal what opening has thrown
   * @throws LongtakeException {@code refusal}, if it has another cause
   */
  void stepDown(Chosen chosen, LongtakeException refusal) {
    budget = budget.after(chosen.candidate().plan().memory(), refusal, device);
    String what = refusal.code() == ErrorCode.OUT_OF_MEMORY ? "device" : "host";
    refusals.add("the %s refused %s".formatted(what, chosen.candidate().describe()));
    LOG.warn(
        "Out of memory, stepping down from {}: {}",
        chosen.candidate().describe(),
        refusal.getMessage());
  }
}
