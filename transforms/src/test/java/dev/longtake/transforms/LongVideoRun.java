package dev.longtake.transforms;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.longtake.runtime.testing.FakeEngineProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Renders a long video in a process of its own, and notes that process's memory meanwhile. */
final class LongVideoRun {
  /** Columns and rows of the video. */
  static final int SIDE = 64;

  private static final String[] OPTIONS = {"--takeSeconds=60", "--size=" + SIDE + "*" + SIDE};

  private static final int CLIP_FRAMES = 48;
  private static final int FRAMES_PER_MINUTE = 60 * 25;

  private LongVideoRun() {}

  /** Runs the pipeline in the {@link Workshop} at {@code args[0]}. */
  public static void main(String[] args) throws IOException {
    Path root = Path.of(args[0]);
    FakeEngineProvider engines = new FakeEngineProvider();
    engines.beforeClip(
        clip -> {
          int framesBefore = (clip.number() - 1) * CLIP_FRAMES;
          if (framesBefore / FRAMES_PER_MINUTE
              != (framesBefore - CLIP_FRAMES) / FRAMES_PER_MINUTE) {
            note(root);
          }
        });
    Workshop.of(root, engines).run(OPTIONS);
    note(root);
  }

  /** Returns the resident memory in bytes after each minute of video, and at the end. */
  static List<Long> residentBytes(Path root) throws IOException {
    return Files.readAllLines(log(root), UTF_8).stream().map(Long::valueOf).toList();
  }

  private static void note(Path root) {
    System.gc();
    try {
      long resident =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("VmRSS:"))
              .map(line -> line.replaceAll("[^0-9]", ""))
              .mapToLong(kibibytes -> 1024 * Long.parseLong(kibibytes))
              .findFirst()
              .orElseThrow();
      Files.writeString(
          log(root), resident + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path log(Path root) {
    return root.resolve("memory.txt");
  }
}
