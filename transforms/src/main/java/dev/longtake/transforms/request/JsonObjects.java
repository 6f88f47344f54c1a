package dev.longtake.transforms.request;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** How manifests' JSON is read: to the letter, and a key that comes twice is a mistake. */
final class JsonObjects {
  private JsonObjects() {}

  /** Returns a reader for one value. */
  static ObjectMapper strict() {
    return JsonMapper.builder()
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
        .build();
  }

  /** Returns a reader for parts of a document; lines that start with # are skipped. */
  static ObjectMapper inParts() {
    JsonFactory factory = JsonFactory.builder().enable(JsonReadFeature.ALLOW_YAML_COMMENTS).build();
    return JsonMapper.builder(factory)
        .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
        .build();
  }

  /** Returns what the parser complains of, on one line. */
  static String complaint(JsonProcessingException e) {
    String message = String.valueOf(e.getOriginalMessage()).replaceAll("\\s+", " ");
    JsonLocation at = e.getLocation();
    return at == null ? message : "%s (column %d)".formatted(message, at.getColumnNr());
  }
}
