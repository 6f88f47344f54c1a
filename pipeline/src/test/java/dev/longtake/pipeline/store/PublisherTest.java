package dev.longtake.pipeline.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PublisherTest {
  @TempDir private Path directory;
  private Path video;

  @BeforeEach
  void writeVideo() throws IOException {
    video = Files.writeString(directory.resolve("video.mp4"), "video");
  }

  @Test
  void publishesUnderAPlainPathAndMakesItsDirectories() throws IOException {
    Path target = directory.resolve("out dir/day/one.mp4");

    String digest = Publisher.publish(video, target.toString());

    assertThat(target).hasContent("video");
    assertThat(digest).isEqualTo(WorkStoreContract.sha256("video".getBytes(UTF_8)));
    assertThat(video).hasContent("video");
    assertThat(list(target.getParent())).containsExactly("one.mp4");
  }

  @Test
  void publishesUnderAFileUri() throws IOException {
    Path target = directory.resolve("out/one.mp4");

    Publisher.publish(video, target.toUri().toString());

    assertThat(target).hasContent("video");
  }

  @Test
  void replacesWhatIsThere() throws IOException {
    Path target = Files.writeString(directory.resolve("one.mp4"), "an older and longer video");

    Publisher.publish(video, target.toString());

    assertThat(target).hasContent("video");
  }

  @Test
  void leavesNothingBehindIfItCannotPublish() throws IOException {
    Path target = Files.createDirectories(directory.resolve("out/one.mp4/not empty")).getParent();

    assertThatThrownBy(() -> Publisher.publish(video, target.toString()))
        .isInstanceOf(IOException.class);

    assertThat(list(target.getParent())).containsExactly("one.mp4");
  }

  private static List<String> list(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
