package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.strategy.tpp.StageSpan;
import org.jspecify.annotations.Nullable;

/**
 * What one device of a pipeline does.
 *
 * @param span what it does of every frame block's forwards, or null for nothing
 * @param decodes whether it decodes, and encodes what takes are conditioned on
 */
record StageRole(@Nullable StageSpan span, boolean decodes) {
  /** Checks that there is something to do. */
  StageRole {
    checkArgument(span != null || decodes, "a device of a pipeline must do something");
  }

  /** Returns which share it does of the forwards of all steps. */
  double share(ModelShape model) {
    return span == null
        ? 0
        : (double) (span.end() - span.first()) / (model.dit().layers() * model.steps());
  }

  /** Returns how many different layers it needs. */
  int layers() {
    return span == null ? 0 : span.cycle().differentLayers();
  }

  /** Returns the role for people. */
  String describe() {
    if (span == null) {
      return "decodes";
    }
    return "denoises from " + span + (decodes ? ", and decodes" : "");
  }
}
