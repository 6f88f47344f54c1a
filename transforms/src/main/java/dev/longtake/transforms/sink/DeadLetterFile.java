package dev.longtake.transforms.sink;

import static java.util.Comparator.comparing;
import static java.util.Comparator.naturalOrder;
import static java.util.Comparator.nullsFirst;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.longtake.pipeline.element.FailedRequest;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * {@code dead-letter.jsonl}: one line per request that can never succeed, sorted by manifest line.
 *
 * <p>The fields, in this order: {@code line} (of the manifest, from 1), {@code id} (null where the
 * line gives none), {@code stage}, {@code code}, {@code message}, {@code source} (the manifest line
 * as it was written, to be mended and run again).
 *
 * <p>It is no manifest itself, and there is none of the failed lines: its relative paths would be
 * looked for beside the wrong file, and a line of a CSV file or a broken line is not one of JSON.
 * To run again, mend the manifest and give the same command: finished videos are not touched.
 *
 * <p>The file is also written, empty, when nothing failed, so that no older one is believed.
 */
public final class DeadLetterFile {
  /** The file's name in the output directory. */
  public static final String NAME = "dead-letter.jsonl";

  private static final Comparator<FailedRequest> BY_LINE =
      comparing(FailedRequest::getLine)
          .thenComparing(FailedRequest::getId, nullsFirst(naturalOrder()))
          .thenComparing(FailedRequest::getStage)
          .thenComparing(FailedRequest::getCode)
          .thenComparing(FailedRequest::getMessage)
          .thenComparing(FailedRequest::getSource);

  private DeadLetterFile() {}

  /**
   * Returns what the file says of {@code failures}: the same text in whatever order they come.
   * Equal ones, as several takes of one request may leave, are said once.
   */
  public static String text(Collection<FailedRequest> failures) {
    StringBuilder text = new StringBuilder();
    for (FailedRequest failure : sorted(failures)) {
      text.append(JsonLine.of(json -> writeFields(json, failure)));
    }
    return text.toString();
  }

  /** Returns {@code failures} in the order of the manifest, equal ones once. */
  static List<FailedRequest> sorted(Collection<FailedRequest> failures) {
    return failures.stream().distinct().sorted(BY_LINE).toList();
  }

  private static void writeFields(JsonGenerator json, FailedRequest failure) throws IOException {
    json.writeNumberField("line", failure.getLine());
    json.writeStringField("id", failure.getId()); // writes null as null
    json.writeStringField("stage", failure.getStage());
    json.writeStringField("code", failure.getCode());
    json.writeStringField("message", failure.getMessage());
    json.writeStringField("source", failure.getSource());
  }
}
