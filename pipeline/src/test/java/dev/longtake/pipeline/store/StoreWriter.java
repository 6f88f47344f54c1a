package dev.longtake.pipeline.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Another process that writes to a store, and may not live to tell. */
final class StoreWriter {
  /** What all writers fight for. */
  static final List<String> NAMES = List.of("race/a.mp4", "race/b.mp4", "race/c.mp4");

  /** How the process exits that dies while it writes. */
  static final int CRASHED = 99;

  private static final int RACE_ROUNDS = 20;
  private static final int CONTENT_BYTES = 300_000;

  private StoreWriter() {}

  /** Starts a process that does what {@code mode} says, and keeps its own files in scratch. */
  static Process start(String mode, URI root, Path scratch, int writer) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:TieredStopAtLevel=1",
            "-Djava.io.tmpdir=" + scratch,
            "-D" + GcsEndpoint.PROPERTY + "=" + System.getProperty(GcsEndpoint.PROPERTY, ""),
            "-cp",
            System.getProperty("java.class.path"),
            StoreWriter.class.getName(),
            mode,
            root.toString(),
            Integer.toString(writer))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /**
   * Starts a process that commits without end, kills it, and returns the names that it reported.
   */
  static List<String> killAtRandom(URI root, Path scratch, Random random) throws Exception {
    Process writer = start("endless", root, scratch, random.nextInt(1_000_000));
    List<String> reported = new ArrayList<>();
    try (BufferedReader lines = writer.inputReader(UTF_8)) {
      int atLeast = 1 + random.nextInt(4);
      while (reported.size() < atLeast) {
        String name = lines.readLine();
        if (name == null) {
          throw new AssertionError("the writer ended by itself: " + writer.waitFor());
        }
        reported.add(name);
      }
      if (writer.waitFor(random.nextInt(20_000), TimeUnit.MICROSECONDS)) {
        throw new AssertionError("the writer ended by itself: " + writer.exitValue());
      }
      writer.destroyForcibly().waitFor();
    } finally {
      writer.destroyForcibly();
    }
    return reported;
  }

  public static void main(String[] args) throws Exception {
    WorkStore store = WorkStores.open(URI.create(args[1]));
    int writer = Integer.parseInt(args[2]);
    switch (args[0]) {
      case "race" -> race(store, writer);
      case "endless" -> commitWithoutEnd(store, writer);
      case "crash" -> store.put(new CrashingStream());
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  private static void race(WorkStore store, int writer) throws IOException {
    Random random = new Random(writer);
    for (int round = 0; round < RACE_ROUNDS; round++) {
      for (String name : NAMES) {
        store.commit(name, content(random), "{\"writer\": " + writer + "}");
      }
    }
  }

  private static void commitWithoutEnd(WorkStore store, int seed) throws IOException {
    Random random = new Random(seed);
    while (true) {
      Path content = content(random);
      store.put(content);
      String name = "killed/clip-%05d.mp4".formatted(random.nextInt(5));
      store.commit(name, content, "{}");
      System.out.println(name);
      Files.delete(content);
    }
  }

  private static Path content(Random random) throws IOException {
    byte[] bytes = new byte[1 + random.nextInt(CONTENT_BYTES)];
    random.nextBytes(bytes);
    Path file = Files.createTempFile("store-writer", ".bin");
    return Files.write(file, bytes);
  }

  /** Takes the whole process down once its bytes are read. */
  private static final class CrashingStream extends FilterInputStream {
    CrashingStream() {
      super(new ByteArrayInputStream(new byte[CONTENT_BYTES]));
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int count = super.read(buffer, offset, length);
      if (count < 0) {
        Runtime.getRuntime().halt(CRASHED);
      }
      return count;
    }
  }
}
