package dev.longtake.pipeline.spi;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.options.LongtakeOptions;
import java.util.Optional;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PCollection;

/**
 * Creates the four transforms that make videos of requests. One factory creates them all, because
 * they share what nobody else needs to know: which sizes can be rendered, what a request's hash
 * covers, how long a clip is, and how a fragment is encoded.
 *
 * <p>Every method but the last three runs once per pipeline, on the submitting machine, which may
 * have no GPU: do not touch CUDA here. Each throws {@link IllegalArgumentException} if an option is
 * missing or invalid; the message names it.
 */
public interface RendererFactory {
  /** Returns the name that selects this renderer: lowercase words joined by dashes. */
  String name();

  /**
   * Returns the transform that checks and hashes requests, brings their media into the work store
   * and plans their takes. After it, no input can be found wrong. It may be slow: its input has
   * been redistributed.
   *
   * @param takePlanner decides where videos are cut
   */
  PTransform<PCollection<RenderRequest>, Outcome<PreparedRequest>> prepare(
      PipelineOptions options, TakePlanner takePlanner);

  /**
   * Returns the transform that gives every clip of every take of every request. The clips of one
   * request keep as many frames as the video has. It cannot fail.
   */
  PTransform<PCollection<PreparedRequest>, PCollection<Clip>> split(PipelineOptions options);

  /**
   * Returns the transform that renders clips, or finds them in the work store. All clips with one
   * routing key are rendered by one worker, in order: the transform groups them itself. Where a
   * request fails, some of its clips may be rendered and the others left out.
   */
  PTransform<PCollection<Clip>, Outcome<RenderedClip>> render(PipelineOptions options);

  /**
   * Returns the transform that joins a request's clips to a video and publishes it under a name
   * that depends on the request alone. A request that lacks clips has failed before: it gives
   * nothing here, neither a video nor a second failure.
   */
  PTransform<PCollection<RenderedClip>, Outcome<RenderedVideo>> stitch(PipelineOptions options);

  /**
   * Refuses, within a second, what certainly does not fit where it would be rendered, if that is
   * known here. Called before anything else; may throw whatever refuses a run.
   *
   * @param options as they were typed; they can only be read, and are no other options
   */
  default void requireFits(LongtakeOptions options) {}

  /**
   * Returns how many takes this process can render at once, at most, if it renders them itself; so
   * many threads are kept for them. Looks for this machine's devices.
   *
   * @throws IllegalArgumentException if an option is invalid; the message names it
   */
  default int takesAtOnce(LongtakeOptions options) {
    return 1;
  }

  /**
   * Returns what can be said beforehand on this machine, which is then one that renders; empty if
   * nothing can.
   */
  default Optional<Forecast> forecast(PipelineOptions options) {
    return Optional.empty();
  }

  /**
   * Returns which ways of rendering fit on the GPUs that {@link
   * dev.longtake.pipeline.options.PlanOptions} describe, or on this machine's; empty if there are
   * none, or if nothing can be said.
   *
   * @param frames that are to be rendered; 0 if that is not known
   */
  default Optional<Feasibility> feasibility(PipelineOptions options, long frames) {
    return Optional.empty();
  }
}
