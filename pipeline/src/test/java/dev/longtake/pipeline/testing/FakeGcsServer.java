package dev.longtake.pipeline.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A server that speaks the JSON API of Google Cloud Storage over HTTP, as far as Longtake uses it,
 * and keeps objects in memory: metadata, ranged media, uploads in one request and resumable ones
 * with preconditions on generations and a CRC32C to compare. It refuses everything else, listing
 * among it. Its faults are drawn by a seeded {@link FaultPlan}.
 *
 * <p>As Google's, it makes an object visible when all of it is there, and takes a resumable upload
 * up from the last byte that it has.
 */
public final class FakeGcsServer implements AutoCloseable {
  /** Tells a process where its {@code gs:} is. */
  public static final String ENDPOINT_PROPERTY = "longtake.gcsEndpoint";

  private static final int PRECONDITION_FAILED = 412;
  private static final int NOT_FOUND = 404;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final GcsObjectTable table = new GcsObjectTable();
  private final Map<String, GcsUpload> uploads = new ConcurrentHashMap<>();
  private final Map<Fault, Integer> injected = new EnumMap<>(Fault.class);
  private volatile FaultPlan faults = FaultPlan.none();
  private int calls;
  private int ranged;
  private int refused;

  static {
    // Or every answer waits 40 ms for its second packet. Read once, when the first server is made.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private FakeGcsServer(HttpServer server) {
    this.server = server;
  }

  /**
   * Starts a server on a free port of this machine, which is this process's {@code gs:} until it is
   * closed.
   */
  public static FakeGcsServer start() throws IOException {
    HttpServer http =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    FakeGcsServer server = new FakeGcsServer(http);
    http.setExecutor(server.threads);
    http.createContext("/", server::handle);
    http.start();
    System.setProperty(ENDPOINT_PROPERTY, server.endpoint());
    return server;
  }

  /** Returns {@code http://host:port}. */
  public String endpoint() {
    return "http://"
        + server.getAddress().getAddress().getHostAddress()
        + ":"
        + server.getAddress().getPort();
  }

  /** Lets calls fail from now on as a plan has it. */
  public void inject(FaultPlan plan) {
    faults = plan;
  }

  /** Returns how often what was done to calls. */
  public synchronized Map<Fault, Integer> injected() {
    return new EnumMap<>(injected);
  }

  /** Returns how many calls came. */
  public synchronized int calls() {
    return calls;
  }

  /**
   * Returns how many calls asked for a part of an object that does not begin with its first byte.
   */
  public synchronized int ranged() {
    return ranged;
  }

  /** Returns how many calls asked for what this server does not do. */
  public synchronized int refused() {
    return refused;
  }

  /** Returns what the uploads' URLs are known by: their secrets. */
  public Set<String> sessions() {
    return Set.copyOf(uploads.keySet());
  }

  /** Returns the objects there are. */
  public GcsObjectTable objects() {
    return table;
  }

  @Override
  public void close() {
    System.clearProperty(ENDPOINT_PROPERTY);
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange http) throws IOException {
    FaultPlan plan = faults;
    String query = String.valueOf(http.getRequestURI().getRawQuery());
    Fault fault = plan.next(http.getRequestMethod(), query.contains("alt=media"));
    synchronized (this) {
      calls++;
      if (fault != null) {
        injected.merge(fault, 1, Integer::sum);
      }
    }
    GcsCall call = new GcsCall(http, fault, plan);
    try {
      if (call.failsAtOnce()) {
        return;
      }
      answer(call);
    } catch (TornException e) {
      // what came of it is kept; the connection ends
    } finally {
      http.close();
    }
  }

  private void answer(GcsCall call) throws IOException {
    String path = call.path();
    if (path.startsWith("/upload/")) {
      upload(call);
      return;
    }
    List<String> parts = GcsCall.objectOf(path);
    if (parts.size() != 2) {
      synchronized (this) {
        refused++;
      }
      call.error(501, "This server does not " + call.method() + " " + path);
      return;
    }
    String name = parts.get(0) + "/" + parts.get(1);
    switch (call.method()) {
      case "GET" -> get(call, name);
      default -> call.error(501, "This server does not " + call.method() + " " + path);
    }
  }

  private void get(GcsCall call, String name) throws IOException {
    Optional<StoredObject> found = table.find(name);
    String generation = call.parameter("generation");
    if (found.isPresent() && generation != null) {
      found = table.find(name, Long.parseLong(generation));
    }
    if (found.isEmpty()) {
      call.error(NOT_FOUND, "No such object: " + name);
      return;
    }
    if (!"media".equals(call.parameter("alt"))) {
      call.json(200, GcsJson.of(name, found.get()));
      return;
    }
    String range = call.header("Range");
    if (range != null && !range.startsWith("bytes=0-")) {
      synchronized (this) {
        ranged++;
      }
    }
    call.media(found.get(), range);
  }

  private void upload(GcsCall call) throws IOException {
    String session = call.parameter("upload_id");
    if (session != null) {
      resume(call, session);
      return;
    }
    GcsUpload upload = GcsUpload.of(call);
    if (upload.isResumable()) {
      String id = "ABgVH8_" + uploads.size() + "-" + Long.toHexString(System.nanoTime());
      uploads.put(id, upload);
      URI to = URI.create(endpoint() + call.path() + "?uploadType=resumable&upload_id=" + id);
      call.location(to);
      return;
    }
    finish(call, upload);
  }

  private void resume(GcsCall call, String session) throws IOException {
    call.session(session);
    GcsUpload upload = uploads.get(session);
    if (upload == null) {
      call.error(NOT_FOUND, "No such upload");
      return;
    }
    synchronized (upload) {
      if (upload.result() == null && !upload.receive(call)) {
        call.incomplete(upload.received());
        return;
      }
      call.beforeFinishing();
      finish(call, upload);
    }
  }

  /** Makes an object of an upload, or says again what came of it. */
  private void finish(GcsCall call, GcsUpload upload) throws IOException {
    if (upload.result() == null) {
      byte[] bytes = upload.bytes();
      StoredObject candidate = new StoredObject(0, bytes);
      String crc32c = upload.crc32c();
      if (crc32c != null && !crc32c.equals(candidate.crc32c())) {
        call.error(400, "Provided CRC32C \"%s\" does not match.".formatted(crc32c));
        return;
      }
      Optional<StoredObject> stored = table.put(upload.name(), bytes, upload.ifGenerationMatch());
      if (stored.isEmpty()) {
        call.error(PRECONDITION_FAILED, "The generation is another one.");
        return;
      }
      upload.done(stored.get());
    }
    call.json(200, GcsJson.of(upload.name(), upload.result()));
  }
}
