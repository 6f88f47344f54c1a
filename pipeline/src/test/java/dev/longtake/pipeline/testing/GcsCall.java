package dev.longtake.pipeline.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** A call to the server, and what is made of it. */
final class GcsCall {
  private static final long TIMEOUT_MILLIS = 4_000;

  private final HttpExchange http;
  private final @Nullable Fault fault;
  private final FaultPlan faults;

  GcsCall(HttpExchange http, @Nullable Fault fault, FaultPlan faults) {
    this.http = http;
    this.fault = fault;
    this.faults = faults;
  }

  String method() {
    return http.getRequestMethod();
  }

  String path() {
    return http.getRequestURI().getRawPath();
  }

  @Nullable String header(String name) {
    return http.getRequestHeaders().getFirst(name);
  }

  @Nullable String parameter(String name) {
    String query = http.getRequestURI().getRawQuery();
    for (String pair : query == null ? new String[0] : query.split("&")) {
      if (pair.startsWith(name + "=")) {
        return URLDecoder.decode(pair.substring(name.length() + 1), UTF_8);
      }
    }
    return null;
  }

  /** Returns bucket and name of the object that a path is for, or less. */
  static List<String> objectOf(String path) {
    int bucket = path.indexOf("/b/");
    int object = path.indexOf("/o/");
    return bucket < 0 || object < 0
        ? List.of()
        : List.of(
            path.substring(bucket + 3, object),
            URLDecoder.decode(path.substring(object + 3), UTF_8));
  }

  static String bucketOf(String path) {
    int bucket = path.indexOf("/b/") + 3;
    return path.substring(bucket, path.indexOf('/', bucket));
  }

  /** Fails the call before anything of it is looked at, if that is its fate. */
  boolean failsAtOnce() throws IOException {
    if (fault == null) {
      return false;
    }
    switch (fault) {
      case TOO_MANY_REQUESTS -> fail(429);
      case INTERNAL_ERROR -> fail(500);
      case UNAVAILABLE -> fail(503);
      case RESET -> throw new TornException();
      case TIMEOUT -> {
        try {
          Thread.sleep(TIMEOUT_MILLIS);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        throw new TornException();
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void fail(int code) throws IOException {
    http.getRequestBody().transferTo(OutputStream.nullOutputStream());
    send(code, GcsJson.error(code, "injected"));
  }

  /** Reads the body, or what comes of it. */
  void body(ByteArrayOutputStream into) throws IOException {
    InputStream body = http.getRequestBody();
    if ("gzip".equals(header("Content-Encoding"))) {
      body = new GZIPInputStream(body);
    }
    byte[] bytes = body.readAllBytes();
    if (fault == Fault.TORN_REQUEST) {
      into.write(bytes, 0, faults.below(bytes.length));
      throw new TornException();
    }
    if (fault == Fault.FLIPPED_REQUEST && bytes.length > 0) {
      flip(bytes);
    }
    into.writeBytes(bytes);
  }

  /** Ends the call before anything is made of its body, if that is its fate. */
  void beforeFinishing() throws TornException {
    if (fault == Fault.UNFINISHED) {
      throw new TornException();
    }
  }

  void json(int code, byte[] json) throws IOException {
    http.getResponseHeaders().set("Content-Type", "application/json; charset=UTF-8");
    send(code, json);
  }

  void error(int code, String message) throws IOException {
    json(code, GcsJson.error(code, message));
  }

  /** Repeats an upload's secret in a header of the answer, as Google's servers do. */
  void session(String id) {
    http.getResponseHeaders().set("X-GUploader-UploadID", id);
  }

  void location(URI location) throws IOException {
    http.getResponseHeaders().set("Location", location.toString());
    send(200, new byte[0]);
  }

  /** Says how much of an upload is there. */
  void incomplete(long received) throws IOException {
    if (received > 0) {
      http.getResponseHeaders().set("Range", "bytes=0-" + (received - 1));
    }
    send(308, new byte[0]);
  }

  /** Sends the range of an object that is asked for, or all of it. */
  void media(StoredObject object, @Nullable String range) throws IOException {
    byte[] bytes = object.bytes();
    int from = 0;
    int to = bytes.length;
    if (range != null) {
      String[] ends = range.substring("bytes=".length()).split("-", 2);
      from = Integer.parseInt(ends[0]);
      to = ends[1].isEmpty() ? to : (int) Math.min(to, Long.parseLong(ends[1]) + 1);
    }
    if (from >= bytes.length && range != null) {
      error(416, "No such range");
      return;
    }
    byte[] part = Arrays.copyOfRange(bytes, from, to);
    http.getResponseHeaders().set("Content-Type", "application/octet-stream");
    http.getResponseHeaders().set("x-goog-generation", Long.toString(object.generation()));
    http.getResponseHeaders()
        .set("x-goog-hash", "crc32c=" + object.crc32c() + ",md5=" + object.md5());
    http.getResponseHeaders().set("x-goog-stored-content-length", Integer.toString(bytes.length));
    if (range != null) {
      http.getResponseHeaders()
          .set("Content-Range", "bytes %d-%d/%d".formatted(from, to - 1, bytes.length));
    }
    if (fault == Fault.FLIPPED_RESPONSE && part.length > 0) {
      flip(part);
    }
    send(range == null ? 200 : 206, part);
  }

  private void flip(byte[] bytes) {
    bytes[faults.below(bytes.length)] ^= 1;
  }

  private void send(int code, byte[] body) throws IOException {
    if (fault == Fault.LOST_RESPONSE) {
      throw new TornException();
    }
    http.sendResponseHeaders(code, body.length == 0 ? -1 : body.length);
    if (body.length == 0) {
      return;
    }
    int sent = fault == Fault.TORN_RESPONSE ? faults.below(body.length) : body.length;
    http.getResponseBody().write(body, 0, sent);
    http.getResponseBody().flush();
    if (sent < body.length) {
      throw new TornException();
    }
  }
}
