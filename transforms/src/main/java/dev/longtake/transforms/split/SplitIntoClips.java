package dev.longtake.transforms.split;

import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.PreparedRequest;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;

/** Gives every clip of every take of every request, with the key that it is routed by. */
public final class SplitIntoClips
    extends PTransform<PCollection<PreparedRequest>, PCollection<Clip>> {
  private final ClipPlanner planner;
  private final ClipRouting routing;

  /** Creates the transform. */
  public SplitIntoClips(ClipPlanner planner, ClipRouting routing) {
    this.planner = requireNonNull(planner, "planner");
    this.routing = requireNonNull(routing, "routing");
  }

  @Override
  public PCollection<Clip> expand(PCollection<PreparedRequest> requests) {
    return requests.apply("Clips", ParDo.of(new SplitFn(planner, routing)));
  }

  private static final class SplitFn extends DoFn<PreparedRequest, Clip> {
    private final ClipPlanner planner;
    private final ClipRouting routing;

    SplitFn(ClipPlanner planner, ClipRouting routing) {
      this.planner = planner;
      this.routing = routing;
    }

    @ProcessElement
    public void processElement(@Element PreparedRequest request, OutputReceiver<Clip> clips) {
      planner.split(request, routing).forEach(clips::output);
    }
  }
}
