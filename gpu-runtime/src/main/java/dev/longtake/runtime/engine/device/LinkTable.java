package dev.longtake.runtime.engine.device;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How tensors get from each of several devices to each other.
 *
 * @param rows by the device that a link comes from, then by the one that it leads to
 */
public record LinkTable(List<List<LinkQuality>> rows) {
  private static final Logger LOG = LoggerFactory.getLogger(LinkTable.class);

  /** Copies the lists. */
  public LinkTable {
    rows = rows.stream().map(List::copyOf).toList();
  }

  /**
   * Tries every link and measures it, which takes some milliseconds and, for as long as that, 32
   * MiB of each device. Logs the result, and a warning for each link that is not direct.
   */
  public static LinkTable measure(List<? extends ComputeDevice> devices) {
    List<List<LinkQuality>> rows = new ArrayList<>();
    for (int from = 0; from < devices.size(); from++) {
      List<LinkQuality> row = new ArrayList<>();
      for (int to = 0; to < devices.size(); to++) {
        row.add(
            from == to
                ? LinkQuality.local()
                : measure(devices.get(from).base(), devices.get(to).base()));
      }
      rows.add(row);
    }
    LinkTable table = new LinkTable(rows);
    table.report(devices);
    return table;
  }

  /** Returns a table in which all copies between GPUs go through pinned memory. */
  public static LinkTable staged(int devices) {
    LinkQuality staged = new LinkQuality(LinkQuality.Kind.STAGED, Double.NaN, "as asked for");
    return new LinkTable(Collections.nCopies(devices, Collections.nCopies(devices, staged)));
  }

  /** Returns a link's quality. */
  public LinkQuality between(int from, int to) {
    return rows.get(from).get(to);
  }

  private static LinkQuality measure(ComputeDevice from, ComputeDevice to) {
    return from instanceof CudaCompute source && to instanceof CudaCompute target
        ? CudaLinkTrial.measure(source.context(), target.context())
        : LinkQuality.local();
  }

  private void report(List<? extends ComputeDevice> devices) {
    List<String> links = new ArrayList<>();
    for (int from = 0; from < rows.size(); from++) {
      for (int to = 0; to < rows.size(); to++) {
        LinkQuality quality = between(from, to);
        if (from == to || quality.kind() == LinkQuality.Kind.LOCAL) {
          continue;
        }
        links.add("%d to %d %s".formatted(from, to, quality));
        if (quality.kind() == LinkQuality.Kind.STAGED) {
          LOG.warn(
              "Copies from {} to {} go through the host's memory: {}",
              devices.get(from).description(),
              devices.get(to).description(),
              quality.remark());
        }
      }
    }
    if (!links.isEmpty()) {
      LOG.info("Links between {} devices: {}", devices.size(), String.join(", ", links));
    }
  }
}
