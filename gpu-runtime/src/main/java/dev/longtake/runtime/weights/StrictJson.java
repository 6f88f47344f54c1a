package dev.longtake.runtime.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.base.Utf8;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads JSON objects out of checkpoints and refuses whatever two readers could see differently. */
final class StrictJson {
  /** The longest text that is read; a real header or index has less than 1 % of it. */
  static final int LIMIT_BYTES = 100_000_000;

  private static final ObjectReader READER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(JsonNode.class);

  private StrictJson() {}

  /**
   * Reads a file that holds one object.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if it is missing or anything else
   */
  static JsonNode readObject(Path file) {
    try {
      long sizeBytes = Files.size(file);
      if (sizeBytes > LIMIT_BYTES) {
        throw CheckpointFault.of(
            "%s has %d bytes, but at most %d were expected of a JSON file. Download it again."
                .formatted(file, sizeBytes, LIMIT_BYTES));
      }
      return parseObject(Files.readAllBytes(file), file.toString());
    } catch (NoSuchFileException e) {
      throw CheckpointFault.missing(
          file.toAbsolutePath().getParent(), file.getFileName().toString());
    } catch (IOException e) {
      throw CheckpointFault.unreadable(file, e);
    }
  }

  /**
   * Reads text that holds one object.
   *
   * @param what names the text in messages
   * @throws LongtakeException INVALID_CHECKPOINT if it is anything else
   */
  static JsonNode parseObject(byte[] utf8, String what) {
    if (!Utf8.isWellFormed(utf8)) {
      throw CheckpointFault.of(
          "%s is not valid UTF-8, as JSON must be. The file is damaged; download it again."
              .formatted(what));
    }
    JsonNode root = parse(new String(utf8, StandardCharsets.UTF_8), what);
    if (!root.isObject()) {
      throw CheckpointFault.of(
          "%s must be a JSON object, but is of type %s. Download the file again."
              .formatted(what, root.getNodeType()));
    }
    return root;
  }

  private static JsonNode parse(String text, String what) {
    try {
      return READER.readTree(text);
    } catch (JsonProcessingException e) {
      throw CheckpointFault.of(
          "%s is not the JSON that was expected: %s. The file is damaged; download it again."
              .formatted(what, CheckpointFault.quote(e.getOriginalMessage())),
          e);
    }
  }
}
