package dev.longtake.pipeline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkStoresTest {
  @Test
  void opensPlainPathsAndFileUrisAlike(@TempDir Path directory) {
    Path root = directory.resolve("work dir");

    WorkStore byPath = WorkStores.open(root.toString());

    assertThat(byPath.root().toString()).startsWith("file:///").endsWith("/work%20dir/");
    assertThat(WorkStores.open(root.toUri().toString())).isEqualTo(byPath);
    assertThat(WorkStores.open(root.toUri())).isEqualTo(byPath);
    assertThat(WorkStores.open(root + "/")).isEqualTo(byPath);
    assertThat(WorkStores.open("file:" + URI.create(root.toUri() + "/").getRawPath()))
        .isEqualTo(byPath);
  }

  @Test
  void takesRelativePathsFromTheWorkingDirectory() {
    assertThat(Path.of(WorkStores.open("out/../work").root()))
        .isEqualTo(Path.of("work").toAbsolutePath());
  }

  @Test
  void namesTheSchemesThereAreWhenAskedForAnother() {
    assertThatThrownBy(() -> WorkStores.open("ftp://host/dir"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "No work store opens 'ftp://host/dir'. On the class path are stores for: file, gs.");
    assertThatThrownBy(() -> WorkStores.open(URI.create("dir")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'dir'");
  }

  @Test
  void givesEachSchemeToItsOwnProviderWithASlashAtTheEnd() {
    WorkStore store = new LocalWorkStore(URI.create("file:///x/"));

    WorkStore opened =
        WorkStores.open(
            URI.create("GS://bucket/dir"),
            List.of(new LocalWorkStoreProvider(), new BucketProvider(store)));

    assertThat(opened).isSameAs(store);
  }

  @Test
  void refusesTwoProvidersOfOneSchemeAndNamesBoth() {
    WorkStore store = new LocalWorkStore(URI.create("file:///x/"));
    List<WorkStoreProvider> providers =
        List.of(new BucketProvider(store), new OtherBucketProvider());

    assertThatThrownBy(() -> WorkStores.open(URI.create("file:///x/"), providers))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'gs:'")
        .hasMessageContaining(BucketProvider.class.getName())
        .hasMessageContaining(OtherBucketProvider.class.getName());
  }

  private record BucketProvider(WorkStore store) implements WorkStoreProvider {
    @Override
    public String scheme() {
      return "gs";
    }

    @Override
    public WorkStore open(URI root) {
      assertThat(root.getPath()).isEqualTo("/dir/");
      return store;
    }
  }

  private static final class OtherBucketProvider implements WorkStoreProvider {
    @Override
    public String scheme() {
      return "gs";
    }

    @Override
    public WorkStore open(URI root) {
      throw new AssertionError("not asked for");
    }
  }
}
