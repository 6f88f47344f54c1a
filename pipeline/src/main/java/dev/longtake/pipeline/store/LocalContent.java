package dev.longtake.pipeline.store;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A complete local file that is about to be uploaded.
 *
 * @param file where it is; not owned
 * @param digest its SHA-256 in lowercase hexadecimal
 * @param crc32c its CRC32C as Google Cloud Storage writes it: base 64 of four bytes, big-endian
 * @param bytes its length
 */
record LocalContent(Path file, String digest, String crc32c, long bytes) {
  private static final int BUFFER_BYTES = 64 << 10;

  /** Reads a file once. */
  static LocalContent of(Path file) throws IOException {
    try (InputStream content = Files.newInputStream(file)) {
      return copy(content, OutputStream.nullOutputStream(), file);
    }
  }

  /** Writes all of {@code content} to a file. */
  static LocalContent write(InputStream content, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      return copy(content, out, file);
    }
  }

  private static LocalContent copy(InputStream content, OutputStream out, Path file)
      throws IOException {
    Hasher sha256 = Hashing.sha256().newHasher();
    Hasher crc32c = Hashing.crc32c().newHasher();
    byte[] buffer = new byte[BUFFER_BYTES];
    long bytes = 0;
    for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
      sha256.putBytes(buffer, 0, read);
      crc32c.putBytes(buffer, 0, read);
      out.write(buffer, 0, read);
      bytes += read;
    }
    return new LocalContent(file, sha256.hash().toString(), GcsObject.text(crc32c.hash()), bytes);
  }

  static LocalContent write(String text, Path file) throws IOException {
    Files.writeString(file, text);
    return of(file);
  }

  /** Returns whether an object has these bytes, as far as length and checksum tell. */
  boolean isIn(GcsObject object) {
    return object.bytes() == bytes && object.crc32c().equals(crc32c);
  }
}
