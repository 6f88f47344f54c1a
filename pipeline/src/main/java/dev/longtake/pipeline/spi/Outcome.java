package dev.longtake.pipeline.spi;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.common.collect.ImmutableMap;
import dev.longtake.pipeline.element.FailedRequest;
import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.PInput;
import org.apache.beam.sdk.values.POutput;
import org.apache.beam.sdk.values.PValue;
import org.apache.beam.sdk.values.TupleTag;

/**
 * What a stage makes of requests: what goes on, and what can never succeed.
 *
 * @param <T> what goes on
 */
public final class Outcome<T> implements PInput, POutput {
  private static final TupleTag<Object> SUCCEEDED = new TupleTag<>("succeeded");
  private static final TupleTag<Object> FAILED = new TupleTag<>("failed");

  private final PCollection<T> succeeded;
  private final PCollection<FailedRequest> failed;

  private Outcome(PCollection<T> succeeded, PCollection<FailedRequest> failed) {
    checkArgument(
        succeeded.getPipeline() == failed.getPipeline(),
        "succeeded and failed must belong to one pipeline");
    this.succeeded = succeeded;
    this.failed = failed;
  }

  /** Returns the outcome made of two collections of one pipeline. */
  public static <T> Outcome<T> of(PCollection<T> succeeded, PCollection<FailedRequest> failed) {
    return new Outcome<>(succeeded, failed);
  }

  /**
   * Returns the outcome that a {@code ParDo} with two outputs gave.
   *
   * @throws IllegalArgumentException if a tag is none of {@code outputs}'
   */
  public static <T> Outcome<T> in(
      PCollectionTuple outputs, TupleTag<T> succeeded, TupleTag<FailedRequest> failed) {
    return new Outcome<>(outputs.get(succeeded), outputs.get(failed));
  }

  /** Returns what goes on to the next stage. */
  public PCollection<T> succeeded() {
    return succeeded;
  }

  /** Returns the requests that can never succeed. */
  public PCollection<FailedRequest> failed() {
    return failed;
  }

  /** Applies {@code transform} to both collections, under {@code name}. */
  public <O extends POutput> O apply(String name, PTransform<? super Outcome<T>, O> transform) {
    return Pipeline.applyTransform(name, this, transform);
  }

  @Override
  public Pipeline getPipeline() {
    return succeeded.getPipeline();
  }

  @Override
  public Map<TupleTag<?>, PValue> expand() {
    return ImmutableMap.of(SUCCEEDED, succeeded, FAILED, failed);
  }

  @Override
  public void finishSpecifyingOutput(
      String transformName, PInput input, PTransform<?, ?> transform) {
    // The transforms that made the two collections have done so.
  }
}
