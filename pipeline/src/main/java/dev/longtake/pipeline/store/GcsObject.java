package dev.longtake.pipeline.store;

import com.google.common.hash.HashCode;
import com.google.common.io.BaseEncoding;
import com.google.common.primitives.Ints;

/**
 * What is known of one generation of an object.
 *
 * @param generation its number, which no other content of this name ever has
 * @param bytes its length
 * @param crc32c of its bytes: base 64 of four bytes, big-endian
 */
record GcsObject(long generation, long bytes, String crc32c) {
  /** Returns a CRC32C as Google Cloud Storage writes it. */
  static String text(HashCode crc32c) {
    return BaseEncoding.base64().encode(Ints.toByteArray(crc32c.asInt()));
  }
}
