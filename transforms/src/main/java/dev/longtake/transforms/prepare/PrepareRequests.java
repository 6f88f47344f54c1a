package dev.longtake.transforms.prepare;

import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.TakePlanner;
import dev.longtake.transforms.media.Scratch;
import dev.longtake.transforms.request.RequestFaultException;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.RenderSettings;
import dev.longtake.transforms.sink.FollowedRun;
import java.io.IOException;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;

/** Checks and hashes requests, and plans their takes; see {@link RequestPreparer}. */
public final class PrepareRequests
    extends PTransform<PCollection<RenderRequest>, Outcome<PreparedRequest>> {
  /** What dead letters of this stage say. */
  static final String STAGE = "prepare";

  private static final TupleTag<PreparedRequest> PREPARED = new TupleTag<>() {};
  private static final TupleTag<FailedRequest> FAILED = new TupleTag<>() {};

  private final RenderSettings settings;
  private final EngineSource engines;
  private final TakePlanner takePlanner;

  /** Creates the transform. */
  public PrepareRequests(RenderSettings settings, EngineSource engines, TakePlanner takePlanner) {
    this.settings = requireNonNull(settings, "settings");
    this.engines = requireNonNull(engines, "engines");
    this.takePlanner = requireNonNull(takePlanner, "takePlanner");
  }

  @Override
  public Outcome<PreparedRequest> expand(PCollection<RenderRequest> requests) {
    return Outcome.in(
        requests.apply(
            "Check",
            ParDo.of(new PrepareFn(settings, engines, takePlanner))
                .withOutputTags(PREPARED, TupleTagList.of(FAILED))),
        PREPARED,
        FAILED);
  }

  private static final class PrepareFn extends DoFn<RenderRequest, PreparedRequest> {
    private final RenderSettings settings;
    private final EngineSource engines;
    private final TakePlanner takePlanner;

    PrepareFn(RenderSettings settings, EngineSource engines, TakePlanner takePlanner) {
      this.settings = settings;
      this.engines = engines;
      this.takePlanner = takePlanner;
    }

    @ProcessElement
    public void processElement(@Element RenderRequest request, MultiOutputReceiver outputs)
        throws IOException {
      RequestPreparer preparer = new RequestPreparer(settings, engines, takePlanner);
      try (Scratch scratch = Scratch.create()) {
        outputs
            .get(PREPARED)
            .output(preparer.prepare(request, settings.store(), scratch.directory()));
      } catch (RequestFaultException e) {
        FailedRequest failure = e.toFailedRequest(request, STAGE);
        FollowedRun.progress(settings.runId()).ifPresent(progress -> progress.videoFailed(failure));
        outputs.get(FAILED).output(failure);
      }
    }
  }
}
