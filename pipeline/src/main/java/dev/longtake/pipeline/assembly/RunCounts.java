package dev.longtake.pipeline.assembly;

import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricResult;
import org.apache.beam.sdk.metrics.MetricsFilter;

/**
 * What became of the requests of a run, as far as it has come.
 *
 * @param videos finished videos, those among them that were there already
 * @param failures failed requests; one that failed in several takes counts several times
 */
public record RunCounts(long videos, long failures) {
  static final String NAMESPACE = "longtake";
  static final String VIDEOS = "videosFinished";
  static final String FAILURES = "requestsFailed";

  /** Returns the counts of a pipeline that {@link PipelineAssembler} built. */
  public static RunCounts of(PipelineResult run) {
    return new RunCounts(count(run, VIDEOS), count(run, FAILURES));
  }

  private static long count(PipelineResult run, String name) {
    long sum = 0;
    MetricsFilter filter =
        MetricsFilter.builder().addNameFilter(MetricNameFilter.named(NAMESPACE, name)).build();
    for (MetricResult<Long> counter : run.metrics().queryMetrics(filter).getCounters()) {
      sum += counter.getAttempted();
    }
    return sum;
  }
}
