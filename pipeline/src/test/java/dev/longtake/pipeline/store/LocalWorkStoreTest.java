package dev.longtake.pipeline.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalWorkStoreTest extends WorkStoreContract {
  @TempDir private Path parent;

  @Override
  WorkStore newStore() {
    return WorkStores.open(parent.resolve("not yet/there \u00e4").toString());
  }

  @Override
  void overwrite(WorkStore store, String location, byte[] bytes) throws IOException {
    Files.write(Path.of(store.root()).resolve(location), bytes);
  }

  @Override
  void remove(WorkStore store, String location) throws IOException {
    Files.delete(Path.of(store.root()).resolve(location));
  }

  @Override
  List<String> files(WorkStore store) throws IOException {
    Path root = Path.of(store.root());
    if (!Files.exists(root)) {
      return List.of();
    }
    try (var files = Files.walk(root)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> root.relativize(file).toString())
          .toList();
    }
  }

  @Override
  int leftoversOfACrash() {
    return 1;
  }

  @Test
  void writesNothingBeforeItIsAskedTo() throws IOException {
    WorkStore store = newStore();

    store.find("a/b");
    store.exists("a/b");

    assertThat(Path.of(store.root())).doesNotExist();
  }

  @Test
  void keepsTheNamesOfTheDesignInTheDirectory() throws IOException {
    WorkStore store = newStore();
    Path clip = Files.writeString(parent.resolve("clip"), "clip");

    store.commit("requests/abc/take-0003-def/clip-00042.mp4", clip, "{}");

    assertThat(files(store))
        .containsExactlyInAnyOrder(
            "requests/abc/take-0003-def/clip-00042-"
                + sha256("clip".getBytes(UTF_8)).substring(0, 12)
                + ".mp4",
            "requests/abc/take-0003-def/clip-00042.mp4.json");
  }
}
