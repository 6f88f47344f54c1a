package dev.longtake.transforms.request;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The official batch file: one object, name → {prompt, image, audio, num_clip}. A name becomes the
 * request's id, {@link SafeNames#sanitised changed} if it is no safe file name. The other keys of a
 * manifest line may be used as well.
 */
final class BatchManifest {
  private static final String OFFICIAL_NUM_CLIP = "num_clip";

  private final ObjectMapper json = JsonObjects.inParts();
  private final String manifest;
  private final InputStream in;
  private final RequestParser parser;

  BatchManifest(String manifest, InputStream in, RequestParser parser) {
    this.manifest = manifest;
    this.in = in;
    this.parser = parser;
  }

  /**
   * Returns whether a text is one: an object whose first value is an object too, and whose first
   * key is none of a manifest line.
   *
   * @param start of the file, at least its first few hundred bytes
   */
  static boolean isOne(byte[] start) throws IOException {
    try (JsonParser tokens = JsonObjects.inParts().createParser(new String(start, UTF_8))) {
      if (tokens.nextToken() != JsonToken.START_OBJECT) {
        return false;
      }
      String name = tokens.nextFieldName();
      return name != null
          && Column.of(name) == null
          && tokens.nextToken() == JsonToken.START_OBJECT;
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  /**
   * Reads entry by entry.
   *
   * @throws LongtakeException INVALID_CONFIG if the file is broken: what follows cannot be read
   */
  void read() throws IOException {
    InputStreamReader strict = new InputStreamReader(in, UTF_8.newDecoder());
    try (JsonParser tokens = json.createParser(strict)) {
      tokens.disable(JsonParser.Feature.AUTO_CLOSE_SOURCE);
      tokens.nextToken();
      for (String name = tokens.nextFieldName(); name != null; name = tokens.nextFieldName()) {
        int line = tokens.currentTokenLocation().getLineNr();
        tokens.nextToken();
        JsonNode entry = json.readTree(tokens);
        accept(line, name, entry);
      }
      if (tokens.nextToken() != null) {
        throw broken(
            tokens.currentTokenLocation().getLineNr(), "something follows the object", null);
      }
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw broken(line, JsonObjects.complaint(e), e);
    } catch (CharacterCodingException e) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          "The manifest %s is not UTF-8. Save it as UTF-8.".formatted(manifest),
          e);
    }
  }

  private void accept(int line, String name, JsonNode entry) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    object.put(Column.ID.key(), SafeNames.sanitised(name));
    if (!entry.isObject()) {
      parser.fail(
          line,
          object.toString(),
          object.get(Column.ID.key()).textValue(),
          new RequestFaultException(
              "NOT_AN_OBJECT",
              "The entry '%s' is %s, not an object of prompt, image, audio and num_clip."
                  .formatted(SafeNames.shown(name), SafeNames.shown(entry.toString()))));
      return;
    }
    for (Map.Entry<String, JsonNode> field : entry.properties()) {
      String key = field.getKey();
      object.set(key.equals(OFFICIAL_NUM_CLIP) ? Column.NUM_CLIP.key() : key, field.getValue());
    }
    parser.accept(line, object.toString(), object);
  }

  private LongtakeException broken(int line, String complaint, @Nullable Throwable cause) {
    return new LongtakeException(
        ErrorCode.INVALID_CONFIG,
        ("The manifest %s is read as a batch file, one JSON object of names, but is broken in line "
                + "%d: %s. Mend it, or write one request a line.")
            .formatted(manifest, line, complaint),
        cause);
  }
}
