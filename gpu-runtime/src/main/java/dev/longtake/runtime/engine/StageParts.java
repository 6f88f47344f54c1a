package dev.longtake.runtime.engine;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.engine.ModelSource.Readers;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.Residency;
import dev.longtake.runtime.strategy.tpp.StageSpan;
import dev.longtake.runtime.strategy.tpp.StageStrategy;
import org.jspecify.annotations.Nullable;

/**
 * The models of one device of a pipeline. The same code plans the memory and fills it.
 *
 * @param denoising its layers of the transformer; null if it has none
 * @param decoding null if it does not decode
 */
record StageParts(StageRole role, @Nullable Transformer denoising, @Nullable MediaModels decoding) {
  /**
   * Loads the models; see {@link ModelStack#load}.
   *
   * @param residency how many of the stage's layers stay on the device
   */
  static StageParts load(
      EngineShape shape,
      ModelSource source,
      Readers readers,
      StageRole role,
      Residency residency,
      ComputeDevice device,
      Placement placement) {
    StageSpan span = role.span();
    Transformer denoising =
        span == null
            ? null
            : Transformer.load(
                shape, readers, new StageStrategy(span), residency, device, placement);
    MediaModels decoding =
        role.decodes()
            ? MediaModels.load(shape, source, readers, device, placement.ops(), placement.device())
            : null;
    return new StageParts(role, denoising, decoding);
  }

  /** Returns what the device does of every frame block's forwards; it must be something. */
  StageSpan span() {
    return requireNonNull(role.span());
  }

  /** Returns the transformer of a device that denoises. */
  Transformer transformer() {
    return requireNonNull(denoising);
  }

  /** Returns the models of a device that decodes. */
  MediaModels media() {
    return requireNonNull(decoding);
  }
}
