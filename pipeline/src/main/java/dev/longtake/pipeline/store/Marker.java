package dev.longtake.pipeline.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** The JSON that makes an entry count. */
final class Marker {
  private static final String DIGEST = "digest";
  private static final String BYTES = "bytes";
  private static final String FILE = "file";
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private Marker() {}

  /** Returns the marker of an entry: the three fields of the store, then those of its maker. */
  static String write(String metadata, String digest, long bytes, String location) {
    ObjectNode marker = JSON.createObjectNode();
    marker.put(DIGEST, digest);
    marker.put(BYTES, bytes);
    marker.put(FILE, location.substring(location.lastIndexOf('/') + 1));
    marker.setAll(parseMetadata(metadata));
    return marker.toPrettyString() + "\n";
  }

  /**
   * Returns what a marker says, or empty if it is no marker: markers are published whole, so that
   * this is one that somebody else wrote or damaged.
   */
  static Optional<Committed> read(String name, String json) {
    JsonNode marker;
    try {
      marker = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
    String digest = marker.path(DIGEST).asText();
    JsonNode bytes = marker.path(BYTES);
    if (!bytes.isIntegralNumber() || !Locations.isDigest(digest)) {
      return Optional.empty();
    }
    return Optional.of(
        new Committed(Locations.ofContent(name, digest), digest, bytes.longValue(), json));
  }

  /** Checks metadata before anything is written. */
  static ObjectNode parseMetadata(String metadata) {
    JsonNode parsed;
    try {
      parsed = JSON.readTree(metadata);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("metadata must be a JSON object, but was " + metadata, e);
    }
    if (!(parsed instanceof ObjectNode fields)
        || fields.has(DIGEST)
        || fields.has(BYTES)
        || fields.has(FILE)) {
      throw new IllegalArgumentException(
          "metadata must be a JSON object without the fields digest, bytes and file, but was "
              + metadata);
    }
    return fields;
  }
}
