package dev.longtake.templates;

import com.google.auto.service.AutoService;
import dev.longtake.pipeline.spi.RunTotals;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.flink.metrics.CharacterFilter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.LogicalScopeProvider;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.metrics.prometheus.PrometheusReporterFactory;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/**
 * Flink's reporter for Prometheus, which in a TaskManager also has what the process counts: {@code
 * flink_taskmanager_longtake_<name>}, labelled with host and TaskManager.
 *
 * <p>What Beam itself gives Flink to report comes too late: when a worker has rendered all that it
 * will in a job, and a moment before Flink forgets it.
 */
@AutoService(MetricReporterFactory.class)
public final class PrometheusMetrics implements MetricReporterFactory {
  /** For {@link java.util.ServiceLoader}. */
  public PrometheusMetrics() {}

  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    return new Reporter(new PrometheusReporterFactory().createMetricReporter(properties));
  }

  private static final class Reporter implements MetricReporter {
    private final MetricReporter flinks; // guarded by itself: totals appear on any thread
    private boolean followsTotals; // Flink tells of its metrics one at a time

    Reporter(MetricReporter flinks) {
      this.flinks = flinks;
    }

    @Override
    public void open(MetricConfig config) {
      flinks.open(config);
    }

    @Override
    public void close() {
      flinks.close();
    }

    @Override
    public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
      add(metric, name, group);
      if (!followsTotals && group.getAllVariables().containsKey(OurGroup.TASK_MANAGER)) {
        followsTotals = true;
        MetricGroup ours = new OurGroup(group);
        RunTotals.ofThisProcess()
            .follow((total, value) -> add((Gauge<Long>) value::getAsLong, total, ours));
      }
    }

    @Override
    public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
      synchronized (flinks) {
        flinks.notifyOfRemovedMetric(metric, name, group);
      }
    }

    private void add(Metric metric, String name, MetricGroup group) {
      synchronized (flinks) {
        flinks.notifyOfAddedMetric(metric, name, group);
      }
    }
  }

  /** A group {@code longtake} of a TaskManager. */
  private static final class OurGroup extends UnregisteredMetricsGroup
      implements LogicalScopeProvider {
    static final String TASK_MANAGER = "<tm_id>";
    private static final String HOST = "<host>";

    private final Map<String, String> variables = new HashMap<>();

    /** Creates it in the TaskManager that some other group is of. */
    OurGroup(MetricGroup other) {
      variables.putAll(other.getAllVariables());
      variables.keySet().retainAll(Set.of(HOST, TASK_MANAGER));
    }

    @Override
    public Map<String, String> getAllVariables() {
      return variables;
    }

    @Override
    public String getLogicalScope(CharacterFilter filter) {
      return getLogicalScope(filter, '.');
    }

    @Override
    public String getLogicalScope(CharacterFilter filter, char delimiter) {
      return "taskmanager" + delimiter + "longtake";
    }

    @Override
    public MetricGroup getWrappedMetricGroup() {
      return this;
    }
  }
}
