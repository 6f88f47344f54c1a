package dev.longtake.transforms.request;

import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.transforms.sink.FollowedRun;
import java.io.IOException;
import java.io.InputStream;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;

/** Gives the requests of a manifest, and the lines that are none; see {@link ManifestReader}. */
public final class ReadManifest extends PTransform<PBegin, Outcome<RenderRequest>> {
  private static final TupleTag<RenderRequest> REQUESTS = new TupleTag<>() {};
  private static final TupleTag<FailedRequest> FAILED = new TupleTag<>() {};

  private final String manifest;
  private final long defaultSeed;
  private final String runId;

  /**
   * Creates the transform.
   *
   * @param manifest path or URI
   * @param defaultSeed seed of the requests that name none
   * @param runId names the run within the process that follows it
   */
  public ReadManifest(String manifest, long defaultSeed, String runId) {
    this.manifest = requireNonNull(manifest, "manifest");
    this.defaultSeed = defaultSeed;
    this.runId = requireNonNull(runId, "runId");
  }

  @Override
  public Outcome<RenderRequest> expand(PBegin begin) {
    return Outcome.in(
        begin
            .apply("Manifest", Create.of(manifest))
            .apply(
                "Lines",
                ParDo.of(new ReadManifestFn(defaultSeed, runId))
                    .withOutputTags(REQUESTS, TupleTagList.of(FAILED))),
        REQUESTS,
        FAILED);
  }

  private static final class ReadManifestFn extends DoFn<String, RenderRequest> {
    private final long defaultSeed;
    private final String runId;

    ReadManifestFn(long defaultSeed, String runId) {
      this.defaultSeed = defaultSeed;
      this.runId = runId;
    }

    @ProcessElement
    public void processElement(@Element String manifest, MultiOutputReceiver outputs)
        throws IOException {
      OutputReceiver<RenderRequest> requests = outputs.get(REQUESTS);
      OutputReceiver<FailedRequest> failed = outputs.get(FAILED);
      try (InputStream content = InputFiles.open(manifest)) {
        new ManifestReader(manifest, defaultSeed)
            .read(
                content,
                new ManifestSink() {
                  @Override
                  public void request(RenderRequest request) {
                    requests.output(request);
                  }

                  @Override
                  public void failed(FailedRequest failure) {
                    FollowedRun.progress(runId)
                        .ifPresent(progress -> progress.videoFailed(failure));
                    failed.output(failure);
                  }
                });
      }
    }
  }
}
