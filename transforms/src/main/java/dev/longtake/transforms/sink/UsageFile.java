package dev.longtake.transforms.sink;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.longtake.pipeline.store.Publisher;
import dev.longtake.transforms.media.Scratch;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code gpu_usage.csv}: a line a device and second in which an engine is open on it.
 *
 * <p>It grows beside the output, and is published once a minute and when closed, so that a process
 * that dies leaves behind what led to it; in a long run less often, so that what is written stays
 * in proportion. A file that cannot be published is not worth losing a run for. Safe for use by
 * several threads.
 */
final class UsageFile implements AutoCloseable {
  /** The file's name in the output directory. */
  static final String NAME = "gpu_usage.csv";

  private static final Logger LOG = LoggerFactory.getLogger(UsageFile.class);
  private static final String HEADER = "time,device,memory_bytes,utilization,copied_gbps,lanes\n";
  private static final Duration SHORTEST_WAIT = Duration.ofMinutes(1);

  /** How often the file is published at most, after as much time again as it spans. */
  private static final int TIMES = 100;

  private final String destination;
  private final Scratch scratch;

  @GuardedBy("this")
  private final BufferedWriter writer;

  @GuardedBy("this")
  private @Nullable Instant began; // null while there is nothing to publish

  @GuardedBy("this")
  private Instant published = Instant.MIN;

  @GuardedBy("this")
  private boolean closed;

  /**
   * Creates an empty file, which is not published until there is something in it.
   *
   * @param output directory to publish it in, no trailing slash
   */
  UsageFile(String output) throws IOException {
    this.destination = output + "/" + NAME;
    this.scratch = Scratch.create();
    this.writer = Files.newBufferedWriter(local());
    writer.write(HEADER);
  }

  /** Adds what was measured at a time; nothing once this is closed. */
  synchronized void add(Instant now, List<UsageSample> samples) throws IOException {
    if (closed || samples.isEmpty()) {
      return;
    }
    for (UsageSample sample : samples) {
      writer.write(line(sample));
    }
    if (began == null) {
      began = now;
      published = now;
    }
    Duration wait = Duration.between(began, now).dividedBy(TIMES);
    if (wait.compareTo(SHORTEST_WAIT) < 0) {
      wait = SHORTEST_WAIT;
    }
    if (Duration.between(published, now).compareTo(wait) >= 0) {
      published = now;
      publish();
    }
  }

  /** Publishes the file if there is anything in it. Closing again does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (scratch;
        writer) {
      if (began != null) {
        publish();
      }
    } catch (IOException e) {
      LOG.warn("What is left of {} could not be cleared away", local(), e);
    }
  }

  private static String line(UsageSample sample) {
    return String.format(
        Locale.ROOT,
        "%s,%s,%d,%s,%.3f,%d\n",
        sample.time(),
        sample.device(),
        sample.memoryBytes(),
        Double.isNaN(sample.utilization()) ? "" : Quantity.decimal(sample.utilization(), 2),
        sample.copiedGbps(),
        sample.lanes());
  }

  @GuardedBy("this")
  private void publish() throws IOException {
    writer.flush();
    try {
      Publisher.publish(local(), destination);
    } catch (IOException | RuntimeException e) {
      LOG.warn("{} could not be written", destination, e);
    }
  }

  private Path local() {
    return scratch.directory().resolve(NAME);
  }
}
