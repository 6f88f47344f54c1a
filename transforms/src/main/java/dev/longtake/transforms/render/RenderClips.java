package dev.longtake.transforms.render;

import static java.util.Objects.requireNonNull;
import static org.apache.beam.sdk.values.TypeDescriptors.strings;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.RenderSettings;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;

/**
 * Renders clips, or finds them in the work store; all clips of one routing key on one worker and in
 * order.
 *
 * <p>A take may be rendered more than once, but leaves the same fragments, because their names and
 * bytes depend on what it is made from alone. A request that can never succeed gives a dead letter;
 * any other failure fails the bundle.
 */
public final class RenderClips extends PTransform<PCollection<Clip>, Outcome<RenderedClip>> {
  static final TupleTag<RenderedClip> RENDERED = new TupleTag<>() {};
  static final TupleTag<FailedRequest> FAILED = new TupleTag<>() {};

  private final RenderSettings settings;
  private final EngineSource engines;

  /** Creates the transform. */
  public RenderClips(RenderSettings settings, EngineSource engines) {
    this.settings = requireNonNull(settings, "settings");
    this.engines = requireNonNull(engines, "engines");
  }

  @Override
  public Outcome<RenderedClip> expand(PCollection<Clip> clips) {
    return Outcome.in(
        clips
            .apply("RouteToWorker", WithKeys.of(Clip::getRoutingKey).withKeyType(strings()))
            .apply("OneWorkerPerKey", GroupByKey.create()) // also breaks fusion before slow work
            .apply(
                "Render",
                ParDo.of(new RenderClipsFn(settings, engines))
                    .withOutputTags(RENDERED, TupleTagList.of(FAILED))),
        RENDERED,
        FAILED);
  }
}
