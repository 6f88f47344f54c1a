package dev.longtake.pipeline.testing;

import com.google.common.hash.Hashing;
import com.google.common.io.BaseEncoding;
import com.google.common.primitives.Ints;

/** One generation of an object. */
public final class StoredObject {
  private final long generation;
  private final byte[] bytes;

  StoredObject(long generation, byte[] bytes) {
    this.generation = generation;
    this.bytes = bytes;
  }

  long generation() {
    return generation;
  }

  /** Returns the content itself, not to be changed. */
  public byte[] bytes() {
    return bytes;
  }

  /** Returns base 64 of the CRC32C, big-endian. */
  String crc32c() {
    return BaseEncoding.base64()
        .encode(Ints.toByteArray(Hashing.crc32c().hashBytes(bytes).asInt()));
  }

  /** Returns base 64 of the MD5. */
  @SuppressWarnings("deprecation") // what Google Cloud Storage has
  String md5() {
    return BaseEncoding.base64().encode(Hashing.md5().hashBytes(bytes).asBytes());
  }
}
