package dev.longtake.pipeline.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/** Objects as the JSON API writes them. */
final class GcsJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private GcsJson() {}

  static byte[] of(String name, StoredObject object) throws IOException {
    int slash = name.indexOf('/');
    ObjectNode json = JSON.createObjectNode();
    json.put("kind", "storage#object");
    json.put("bucket", name.substring(0, slash));
    json.put("name", name.substring(slash + 1));
    json.put("generation", Long.toString(object.generation()));
    json.put("metageneration", "1");
    json.put("size", Integer.toString(object.bytes().length));
    json.put("crc32c", object.crc32c());
    json.put("md5Hash", object.md5());
    json.put("etag", Long.toString(object.generation()));
    return JSON.writeValueAsBytes(json);
  }

  static byte[] error(int code, String message) throws IOException {
    ObjectNode error = JSON.createObjectNode();
    error.put("code", code);
    error.put("message", message);
    return JSON.writeValueAsBytes(JSON.createObjectNode().set("error", error));
  }

  static JsonNode parse(byte[] json) throws IOException {
    return JSON.readTree(json);
  }
}
