package dev.longtake.transforms.stitch;

import static java.util.Objects.requireNonNull;
import static org.apache.beam.sdk.values.TypeDescriptors.strings;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.transforms.settings.RenderSettings;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;

/**
 * Joins each request's clips to a video, as soon as all of them are there, and publishes it; not
 * when all requests are rendered, as a grouping would have it.
 */
public final class StitchVideos
    extends PTransform<PCollection<RenderedClip>, Outcome<RenderedVideo>> {
  static final TupleTag<RenderedVideo> VIDEOS = new TupleTag<>() {};
  static final TupleTag<FailedRequest> FAILED = new TupleTag<>() {};

  private final RenderSettings settings;

  /** Creates the transform. */
  public StitchVideos(RenderSettings settings) {
    this.settings = requireNonNull(settings, "settings");
  }

  @Override
  public Outcome<RenderedVideo> expand(PCollection<RenderedClip> clips) {
    return Outcome.in(
        clips
            .apply(
                "ByRequest",
                WithKeys.of((RenderedClip clip) -> clip.getClip().getRequest().getRequest().getId())
                    .withKeyType(strings()))
            .apply(
                "WhenComplete",
                ParDo.of(new StitchVideosFn(settings))
                    .withOutputTags(VIDEOS, TupleTagList.of(FAILED))),
        VIDEOS,
        FAILED);
  }
}
