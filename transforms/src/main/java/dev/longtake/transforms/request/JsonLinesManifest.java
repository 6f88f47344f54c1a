package dev.longtake.transforms.request;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/** A manifest of one JSON object a line. */
final class JsonLinesManifest {
  private final ObjectMapper json = JsonObjects.strict();
  private final ManifestLines lines;
  private final RequestParser parser;

  JsonLinesManifest(ManifestLines lines, RequestParser parser) {
    this.lines = lines;
    this.parser = parser;
  }

  void read() throws IOException {
    for (ManifestLines.Line line = lines.next(); line != null; line = lines.next()) {
      if (line.isIdle()) {
        continue;
      }
      try {
        parser.accept(line.number(), line.text(), object(line));
      } catch (RequestFaultException e) {
        parser.fail(line.number(), line.text(), null, e);
      }
    }
  }

  private ObjectNode object(ManifestLines.Line line) throws RequestFaultException {
    if (!line.whole()) {
      throw new RequestFaultException(
          "LINE_TOO_LONG",
          "The line has more than %d bytes. Is it a manifest?".formatted(ManifestLines.MOST_BYTES));
    }
    JsonNode value;
    try {
      value = json.readTree(line.text());
    } catch (JsonProcessingException e) {
      throw new RequestFaultException(
          "BROKEN_JSON",
          "The line is not JSON: %s. Write one whole object a line."
              .formatted(JsonObjects.complaint(e)));
    }
    if (value instanceof ObjectNode object) {
      return object;
    }
    throw new RequestFaultException(
        "NOT_AN_OBJECT",
        "The line is %s, not an object. Write {\"id\": …, \"image\": …, \"audio\": …}."
            .formatted(SafeNames.shown(value.toString())));
  }
}
