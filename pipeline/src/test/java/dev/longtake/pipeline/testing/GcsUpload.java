package dev.longtake.pipeline.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An upload: what it is for, and what came so far. */
final class GcsUpload {
  private final String name;
  private final @Nullable Long ifGenerationMatch;
  private final @Nullable String crc32c;
  private final boolean resumable;
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();
  private @Nullable StoredObject result;

  private GcsUpload(GcsCall call, JsonNode metadata, boolean resumable) {
    String asked = call.parameter("name");
    String object = asked == null ? metadata.path("name").asText() : asked;
    this.name = GcsCall.bucketOf(call.path()) + "/" + object;
    String generation = call.parameter("ifGenerationMatch");
    this.ifGenerationMatch = generation == null ? null : Long.valueOf(generation);
    this.crc32c = metadata.has("crc32c") ? metadata.path("crc32c").asText() : null;
    this.resumable = resumable;
  }

  /** Reads the request that begins an upload. */
  static GcsUpload of(GcsCall call) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    call.body(body);
    if ("resumable".equals(call.parameter("uploadType"))) {
      return new GcsUpload(
          call, GcsJson.parse(body.size() == 0 ? new byte[] {'{', '}'} : body.toByteArray()), true);
    }
    return multipart(call, body.toString(ISO_8859_1));
  }

  /** Takes a body of two parts apart: metadata, and content. */
  private static GcsUpload multipart(GcsCall call, String body) throws IOException {
    String type = String.valueOf(call.header("Content-Type"));
    String boundary = "--" + type.substring(type.indexOf("boundary=") + 9).replace("\"", "");
    String metadata = part(body, boundary, 0);
    String content = part(body, boundary, body.indexOf(boundary, boundary.length()));
    GcsUpload upload = new GcsUpload(call, GcsJson.parse(metadata.getBytes(ISO_8859_1)), false);
    upload.received.writeBytes(content.getBytes(ISO_8859_1));
    return upload;
  }

  private static String part(String body, String boundary, int from) {
    int begin = body.indexOf("\r\n\r\n", from) + 4;
    return body.substring(begin, body.indexOf("\r\n" + boundary, begin));
  }

  boolean isResumable() {
    return resumable;
  }

  String name() {
    return name;
  }

  @Nullable Long ifGenerationMatch() {
    return ifGenerationMatch;
  }

  @Nullable String crc32c() {
    return crc32c;
  }

  long received() {
    return received.size();
  }

  byte[] bytes() {
    return received.toByteArray();
  }

  @Nullable StoredObject result() {
    return result;
  }

  void done(StoredObject object) {
    result = object;
  }

  /** Takes what a request brings, and returns whether that is all there will be. */
  boolean receive(GcsCall call) throws IOException {
    String range = String.valueOf(call.header("Content-Range"));
    String total = range.substring(range.indexOf('/') + 1);
    if (range.startsWith("bytes */")) {
      return !total.equals("*") && Long.parseLong(total) == received.size();
    }
    long first = Long.parseLong(range.substring(6, range.indexOf('-')));
    if (first > received.size()) {
      throw new IOException("a gap before " + range);
    }
    byte[] before = received.toByteArray();
    received.reset();
    received.write(before, 0, (int) first);
    call.body(received);
    return !total.equals("*") && Long.parseLong(total) == received.size();
  }
}
