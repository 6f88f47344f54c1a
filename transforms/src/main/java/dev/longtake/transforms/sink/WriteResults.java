package dev.longtake.transforms.sink;

import static java.util.Objects.requireNonNull;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.spi.Outcome;
import java.io.IOException;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.View;
import org.apache.beam.sdk.values.PCollectionView;
import org.apache.beam.sdk.values.PDone;

/** Writes {@code results.jsonl}, {@code dead-letter.jsonl} and {@code report.html}, at the end. */
public final class WriteResults extends PTransform<Outcome<RenderedVideo>, PDone> {
  private final ResultsWriter writer;

  /** Creates the transform. */
  public WriteResults(ResultsWriter writer) {
    this.writer = requireNonNull(writer, "writer");
  }

  @Override
  public PDone expand(Outcome<RenderedVideo> outcome) {
    PCollectionView<Iterable<RenderedVideo>> videos =
        outcome.succeeded().apply("Videos", View.asIterable());
    PCollectionView<Iterable<FailedRequest>> failures =
        outcome.failed().apply("Failures", View.asIterable());
    // Side inputs are whole, and there also when nothing is in them.
    outcome
        .getPipeline()
        .apply("AtTheEnd", Create.of("results"))
        .apply(
            "Write",
            ParDo.of(new WriteFn(writer, videos, failures)).withSideInputs(videos, failures));
    return PDone.in(outcome.getPipeline());
  }

  private static final class WriteFn extends DoFn<String, Void> {
    private final ResultsWriter writer;
    private final PCollectionView<Iterable<RenderedVideo>> videos;
    private final PCollectionView<Iterable<FailedRequest>> failures;

    WriteFn(
        ResultsWriter writer,
        PCollectionView<Iterable<RenderedVideo>> videos,
        PCollectionView<Iterable<FailedRequest>> failures) {
      this.writer = writer;
      this.videos = videos;
      this.failures = failures;
    }

    @ProcessElement
    public void processElement(ProcessContext context) throws IOException {
      writer.write(context.sideInput(videos), context.sideInput(failures));
    }
  }
}
