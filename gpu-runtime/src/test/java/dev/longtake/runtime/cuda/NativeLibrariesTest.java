package dev.longtake.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.jna.Library;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  private static final List<String> FILES = List.of("libx.so.13", "libx.so.12");

  @TempDir private Path root;

  interface Nothing extends Library {}

  @Test
  void looksIntoTheGivenFolderThenAsksTheLoaderThenSearchesWhatIsInstalled() throws IOException {
    Path given = place("given", "libx.so.12");
    Path old = place("usr/local/cuda-12.9/lib64", "libx.so.12");
    Path recent = place("usr/local/cuda-13.0/targets/x86_64-linux/lib", "libx.so.13");
    Path python = place("opt/torch/.venv/lib/python3.12/site-packages/nvidia/x/lib", "libx.so.13");

    List<String> candidates = new NativeLibraries(given.getParent(), root).candidates(FILES);

    assertThat(candidates)
        .containsExactly(
            given.toString(),
            "libx.so.13",
            "libx.so.12",
            recent.toString(),
            old.toString(),
            python.toString());
  }

  @Test
  void prefersTheNewestToolkit() throws IOException {
    Path older = place("usr/local/cuda-12.9/lib64", "libx.so.12");
    Path newer = place("usr/local/cuda-13.0/lib64", "libx.so.13");

    assertThat(new NativeLibraries(null, root).candidates(FILES))
        .containsSubsequence(newer.toString(), older.toString());
  }

  @Test
  void saysWhatWasTriedAndWhatToInstall() throws IOException {
    Path broken = place("usr/local/cuda/lib64", "libx.so.13"); // an empty file

    assertThatExceptionOfType(LongtakeException.class)
        .isThrownBy(
            () -> new NativeLibraries(null, root).load(Nothing.class, FILES, "Install x 12"))
        .withMessage(
            "None of these could be loaded: libx.so.13, libx.so.12, %s. Install x 12, or name the"
                + " directory that holds it.",
            broken);
  }

  private Path place(String folder, String file) throws IOException {
    Path path = root.resolve(folder).resolve(file);
    Files.createDirectories(path.getParent());
    return Files.createFile(path);
  }
}
