package dev.longtake.runtime.weights;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.TreeMap;

/** Identifies a checkpoint without reading all of it: see {@link Checkpoint#digest()}. */
final class CheckpointDigest {
  private static final long WHOLE_UP_TO_BYTES = 64L << 20;
  private static final int END_BYTES = 1 << 20;
  private static final int SAMPLES = 64;
  private static final int SAMPLE_BYTES = 64 << 10;

  private CheckpointDigest() {}

  /**
   * Returns the SHA-256 as 64 hexadecimal digits.
   *
   * @param directory what the files' names are relative to
   * @throws LongtakeException INVALID_CHECKPOINT if a file cannot be read
   */
  static String of(Path directory, List<Path> files, CheckpointSettings settings) {
    TreeMap<String, Path> byName = new TreeMap<>();
    for (Path file : files) {
      byName.put(directory.relativize(file).toString().replace('\\', '/'), file);
    }
    Hasher hasher = Hashing.sha256().newHasher();
    putText(hasher, settings.toString());
    byName.forEach(
        (name, file) -> {
          putText(hasher, name);
          putFile(hasher, file);
        });
    return hasher.hash().toString();
  }

  private static void putText(Hasher hasher, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    hasher.putInt(utf8.length).putBytes(utf8);
  }

  private static void putFile(Hasher hasher, Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long sizeBytes = channel.size();
      hasher.putLong(sizeBytes);
      if (sizeBytes <= WHOLE_UP_TO_BYTES) {
        putRange(hasher, channel, 0, sizeBytes);
        return;
      }
      putRange(hasher, channel, 0, END_BYTES);
      for (int i = 0; i < SAMPLES; i++) {
        putRange(hasher, channel, i * (sizeBytes - SAMPLE_BYTES) / (SAMPLES - 1), SAMPLE_BYTES);
      }
      putRange(hasher, channel, sizeBytes - END_BYTES, END_BYTES);
    } catch (IOException e) {
      throw CheckpointFault.unreadable(file, e);
    }
  }

  private static void putRange(Hasher hasher, FileChannel channel, long start, long count)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(count, END_BYTES));
    long done = 0;
    while (done < count) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), count - done));
      int read = channel.read(buffer, start + done);
      if (read < 0) {
        throw new IOException("the file became shorter while it was read");
      }
      hasher.putBytes(buffer.flip());
      done += read;
    }
  }
}
