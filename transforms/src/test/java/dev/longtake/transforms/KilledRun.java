package dev.longtake.transforms;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.longtake.runtime.testing.FakeEngineProvider;
import dev.longtake.runtime.testing.FakeEngineProvider.GeneratedClip;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** A run in a process of its own, slow enough to be killed. Notes every clip that it begins. */
final class KilledRun {
  /** The options of all runs. */
  static final String[] OPTIONS = {"--takeSeconds=2", "--takePlanner=fixed"};

  private static final Duration CLIP_TIME = Duration.ofMillis(60);

  private KilledRun() {}

  /** Runs the pipeline in the {@link Workshop} at {@code args[0]}. */
  public static void main(String[] args) throws IOException {
    Path root = Path.of(args[0]);
    FakeEngineProvider engines = new FakeEngineProvider();
    engines.beforeClip(
        clip -> {
          note(root, clip);
          LockSupport.parkNanos(CLIP_TIME.toNanos());
        });
    Workshop.of(root, engines).run(OPTIONS);
  }

  /** Returns what has been noted, a line a clip. */
  static List<String> notes(Path root) throws IOException {
    Path log = log(root);
    return Files.exists(log) ? Files.readAllLines(log, UTF_8) : List.of();
  }

  /** Returns how a clip of a take is noted, but for its index. */
  static String noteOf(String prompt, int take) {
    return prompt + " " + take + " ";
  }

  /** Notes that a clip is begun. */
  static void note(Path root, GeneratedClip clip) {
    String line = noteOf(clip.prompt(), clip.take()) + clip.clip() + "\n";
    try {
      Files.writeString(
          log(root), line, UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path log(Path root) {
    return root.resolve("clips.txt");
  }
}
