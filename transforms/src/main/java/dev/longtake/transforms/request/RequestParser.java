package dev.longtake.transforms.request;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.RenderRequest;
import java.util.Iterator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns the objects of a manifest into requests, or says what is wrong with them. */
final class RequestParser {
  /** What the video is of where a line does not say. */
  static final String DEFAULT_PROMPT =
      "A person faces the camera and talks, with natural expressions and small movements.";

  private static final String STAGE = "read";

  private final InputPaths paths;
  private final long defaultSeed;
  private final ManifestSink sink;
  private final TakenNames taken = new TakenNames();
  private boolean empty = true;

  /**
   * Creates a parser.
   *
   * @param defaultSeed where a line does not say. It is the same for all requests and not made from
   *     their ids, so that a request can be renamed and what was rendered is still found
   */
  RequestParser(InputPaths paths, long defaultSeed, ManifestSink sink) {
    this.paths = paths;
    this.defaultSeed = defaultSeed;
    this.sink = sink;
  }

  /** Returns whether there has been no line at all, good or bad. */
  boolean isEmpty() {
    return empty;
  }

  /**
   * Passes on the request that an object is, or why it is none.
   *
   * @param line where it begins, from 1
   * @param source a JSON line that says the same
   */
  void accept(int line, String source, ObjectNode object) {
    empty = false;
    try {
      sink.request(request(line, source, object));
    } catch (RequestFaultException e) {
      JsonNode id = object.get(Column.ID.key());
      fail(line, source, id != null && id.isTextual() ? id.textValue() : null, e);
    }
  }

  /** Passes on why a line is no request. */
  void fail(int line, String source, @Nullable String id, RequestFaultException fault) {
    empty = false;
    sink.failed(
        FailedRequest.builder()
            .setLine(line)
            .setSource(source)
            .setId(id)
            .setStage(STAGE)
            .setCode(fault.code())
            .setMessage(String.valueOf(fault.getMessage()))
            .build());
  }

  private RenderRequest request(int line, String source, ObjectNode object)
      throws RequestFaultException {
    String id = id(object);
    if (id != null) {
      taken.takeId(id, line);
    }
    requireKnownKeys(object);
    if (id == null) {
      throw new RequestFaultException(
          "MISSING_ID", "There is no id. Add \"id\": it names the video, and is its file's name.");
    }
    String output = output(object);
    taken.takeOutput(id, output, line);
    String size = size(object);
    String prompt = text(object, Column.PROMPT);
    Long seed = number(object, Column.SEED, 0, Long.MAX_VALUE);
    Long clips = number(object, Column.NUM_CLIP, 1, Integer.MAX_VALUE);
    return RenderRequest.builder()
        .setLine(line)
        .setSource(source)
        .setId(id)
        .setImage(input(object, Column.IMAGE, "MISSING_IMAGE", "the picture of who speaks"))
        .setAudio(input(object, Column.AUDIO, "MISSING_AUDIO", "the recording of what is said"))
        .setPrompt(prompt == null ? DEFAULT_PROMPT : prompt)
        .setSeed(seed == null ? defaultSeed : seed)
        .setSize(size)
        .setOutput(output)
        .setClips(clips == null ? null : clips.intValue())
        .build();
  }

  private static void requireKnownKeys(ObjectNode object) throws RequestFaultException {
    for (Iterator<String> keys = object.fieldNames(); keys.hasNext(); ) {
      String key = keys.next();
      if (Column.of(key) == null) {
        throw new RequestFaultException(
            "UNKNOWN_KEY",
            "'%s' is no key of a request; the closest is '%s'. There are: %s."
                .formatted(SafeNames.shown(key), Column.closest(key).key(), Column.keys()));
      }
    }
  }

  private static @Nullable String id(ObjectNode object) throws RequestFaultException {
    String id = text(object, Column.ID);
    Optional<String> objection = id == null ? Optional.empty() : SafeNames.objection(id);
    if (objection.isPresent()) {
      throw new RequestFaultException(
          "UNSAFE_ID",
          "The id '%s' cannot name a file: %s. Choose another, such as '%s'."
              .formatted(SafeNames.shown(id), objection.get(), SafeNames.sanitised(id)));
    }
    return id;
  }

  private static @Nullable String output(ObjectNode object) throws RequestFaultException {
    String output = text(object, Column.OUTPUT);
    Optional<String> objection =
        output == null ? Optional.empty() : SafeNames.outputObjection(output);
    if (objection.isPresent()) {
      throw new RequestFaultException(
          "UNSAFE_OUTPUT",
          ("The output '%s' cannot be a video below the output directory: %s. Write a relative path"
                  + " such as 'course/lesson-1.mp4', or leave it out for <id>.mp4.")
              .formatted(SafeNames.shown(output), objection.get()));
    }
    return output;
  }

  private static @Nullable String size(ObjectNode object) throws RequestFaultException {
    String size = text(object, Column.SIZE);
    return size == null ? null : VideoSize.parse(size).toString();
  }

  private String input(ObjectNode object, Column column, String missingCode, String meaning)
      throws RequestFaultException {
    String path = text(object, column);
    if (path == null) {
      throw new RequestFaultException(
          missingCode,
          "There is no %s. Add \"%s\": the path or URI of %s."
              .formatted(column.key(), column.key(), meaning));
    }
    return paths.resolve(column, path);
  }

  /** Returns a text; null where there is none, or only space. */
  private static @Nullable String text(ObjectNode object, Column column)
      throws RequestFaultException {
    JsonNode value = object.get(column.key());
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isTextual()) {
      throw badType(column, value, "a text in quotes");
    }
    return value.textValue().isBlank() ? null : value.textValue();
  }

  private static @Nullable Long number(ObjectNode object, Column column, long least, long most)
      throws RequestFaultException {
    JsonNode value = object.get(column.key());
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < least
        || value.longValue() > most) {
      throw badType(column, value, "a whole number from %d to %d".formatted(least, most));
    }
    return value.longValue();
  }

  private static RequestFaultException badType(Column column, JsonNode value, String wanted) {
    return new RequestFaultException(
        "BAD_TYPE",
        "'%s' must be %s, but is %s."
            .formatted(column.key(), wanted, SafeNames.shown(value.toString())));
  }
}
