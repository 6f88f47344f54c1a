package dev.longtake.transforms.request;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A SHA-256 over named values. Every name and value is preceded by its length, so no two different
 * sequences of fields give the same bytes.
 */
final class CanonicalHash {
  private final MessageDigest digest = sha256();

  /** Starts a hash; {@code kind} keeps hashes of different things apart. */
  CanonicalHash(String kind) {
    bytes(kind.getBytes(UTF_8));
  }

  /** Adds a text, as UTF-8. */
  CanonicalHash field(String name, String value) {
    bytes(name.getBytes(UTF_8));
    bytes(value.getBytes(UTF_8));
    return this;
  }

  /** Adds a whole number, in decimal. */
  CanonicalHash field(String name, long value) {
    return field(name, Long.toString(value));
  }

  /** Returns the hash as 64 lowercase hexadecimal digits; nothing may be added afterwards. */
  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Returns a new SHA-256. */
  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private void bytes(byte[] value) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(value.length).flip());
    digest.update(value);
  }
}
