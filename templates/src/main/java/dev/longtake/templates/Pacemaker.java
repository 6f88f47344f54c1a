package dev.longtake.templates;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.spi.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.apache.beam.sdk.io.range.OffsetRange;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.View;
import org.apache.beam.sdk.transforms.splittabledofn.RestrictionTracker;
import org.apache.beam.sdk.values.PCollectionView;

/**
 * Keeps the DirectRunner from burning a processor.
 *
 * <p>Its scheduler asks without a pause whether there is anything to do, on any thread of its pool
 * that is free: on two cores a third of what the rendering needs. So transforms that only sleep, a
 * short while at a time, take turns with it on the free threads, until all requests are done.
 */
final class Pacemaker {
  private static final int SLEEP_MILLIS = 50;
  private static final int SLEEPERS_A_THREAD = 2; // so that one waits while another sleeps

  private Pacemaker() {}

  /**
   * Adds the sleeping transforms to a pipeline.
   *
   * @param finished what becomes of all requests
   * @param threads of the runner's pool
   * @param end a file that does not exist; it is made when all requests are done
   */
  static void add(Outcome<RenderedVideo> finished, int threads, Path end) {
    PCollectionView<Iterable<RenderedVideo>> videos =
        finished.succeeded().apply("PaceVideos", View.asIterable());
    PCollectionView<Iterable<FailedRequest>> failures =
        finished.failed().apply("PaceFailures", View.asIterable());
    // Side inputs are there when nothing can be added to them any more.
    finished
        .getPipeline()
        .apply("PaceEnd", Create.of(end.toString()))
        .apply("EndPace", ParDo.of(new EndFn()).withSideInputs(videos, failures));
    finished
        .getPipeline()
        .apply("Pace", Create.of(IntStream.range(0, SLEEPERS_A_THREAD * threads).boxed().toList()))
        .apply("Sleep", ParDo.of(new SleepFn(end.toString())));
  }

  private static final class EndFn extends DoFn<String, Void> {
    @ProcessElement
    public void processElement(@Element String end) throws IOException {
      Files.createFile(Path.of(end));
    }
  }

  /** Sleeps again and again; every time the runner gets its thread back. */
  @DoFn.BoundedPerElement
  static final class SleepFn extends DoFn<Integer, Void> {
    private final String end;

    SleepFn(String end) {
      this.end = end;
    }

    @GetInitialRestriction
    public OffsetRange initialRestriction() {
      return new OffsetRange(0, Long.MAX_VALUE);
    }

    @ProcessElement
    public ProcessContinuation processElement(RestrictionTracker<OffsetRange, Long> tracker)
        throws InterruptedException {
      boolean isOver = Files.exists(Path.of(end));
      OffsetRange left = tracker.currentRestriction();
      if (!tracker.tryClaim(isOver ? left.getTo() - 1 : left.getFrom()) || isOver) {
        return ProcessContinuation.stop();
      }
      Thread.sleep(SLEEP_MILLIS);
      return ProcessContinuation.resume();
    }
  }
}
