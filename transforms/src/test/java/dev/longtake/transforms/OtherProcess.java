package dev.longtake.transforms;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts main classes of the tests in processes of their own. */
final class OtherProcess {
  private OtherProcess() {}

  /**
   * Starts a process whose output and temporary files are in a directory.
   *
   * @param directory gets {@code said.txt} and {@code tmp}
   */
  static Process start(Path directory, String heap, Class<?> main, String... arguments)
      throws IOException {
    Path temporary = Files.createDirectories(directory.resolve("tmp"));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.io.tmpdir=" + temporary,
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(said(directory).toFile()))
        .start();
  }

  /** Returns the file of what the processes in a directory have said. */
  static Path said(Path directory) {
    return directory.resolve("said.txt");
  }
}
