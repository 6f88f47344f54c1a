package dev.longtake.pipeline.assembly;

import dev.longtake.pipeline.spi.RunMetric;
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
  /** Returns the counts of a pipeline that {@link PipelineAssembler} built. */
  public static RunCounts of(PipelineResult run) {
    return new RunCounts(
        count(run, RunMetric.VIDEOS_FINISHED), count(run, RunMetric.REQUESTS_FAILED));
  }

  private static long count(PipelineResult run, RunMetric metric) {
    long sum = 0;
    MetricsFilter filter =
        MetricsFilter.builder()
            .addNameFilter(MetricNameFilter.named(RunMetric.NAMESPACE, metric.text()))
            .build();
    for (MetricResult<Long> counter : run.metrics().queryMetrics(filter).getCounters()) {
      sum += counter.getAttempted();
    }
    return sum;
  }
}
