package dev.longtake.transforms.media;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** Moving pictures and fragments of them for tests. */
final class TestFrames {
  static final int SIZE = 64;
  private static final int PAGE_BYTES = 4096;

  private TestFrames() {}

  /** Returns frame {@code index} of a pattern that moves: no two within 64 frames are alike. */
  static ByteBuffer frame(int index, int width, int height) {
    ByteBuffer rgb = ByteBuffer.allocate(3 * width * height);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        double wave = Math.sin((x + 2.0 * index) * Math.PI / 32) * Math.cos(y * Math.PI / 32);
        rgb.put((byte) (128 + 100 * wave));
        rgb.put((byte) (4 * x + index));
        rgb.put((byte) (4 * y - 3 * index));
      }
    }
    return rgb.flip();
  }

  /** Writes frames {@code from} to {@code to}, the latter left out. */
  static Path fragment(Path file, int from, int to, EncoderSettings settings) {
    try (FragmentWriter writer = new FragmentWriter(file, SIZE, SIZE, settings)) {
      for (int i = from; i < to; i++) {
        writer.write(frame(i, SIZE, SIZE));
      }
      writer.finish();
    }
    return file;
  }

  /** Writes fragments of up to 48 frames. */
  static List<Path> fragments(Path directory, int frames) {
    List<Path> files = new ArrayList<>();
    for (int from = 0; from < frames; from += 48) {
      Path file = directory.resolve("clip-%05d.mp4".formatted(files.size()));
      files.add(fragment(file, from, Math.min(frames, from + 48), EncoderSettings.DEFAULT));
    }
    return files;
  }

  /** Returns a checksum of each decoded frame. */
  static List<Long> checksums(Path video) {
    List<Long> checksums = new ArrayList<>();
    VideoReader.decode(
        video,
        (index, rgb) -> {
          CRC32 crc = new CRC32();
          crc.update(rgb);
          checksums.add(crc.getValue());
        });
    return checksums;
  }

  /** Returns the memory that this process holds and shares with no other. */
  static long privateBytes() throws IOException {
    String pages = Files.readString(Path.of("/proc/self/statm"));
    List<String> counts = Splitter.on(' ').splitToList(pages);
    return PAGE_BYTES * (Long.parseLong(counts.get(1)) - Long.parseLong(counts.get(2)));
  }
}
