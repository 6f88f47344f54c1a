package dev.longtake.pipeline.store;

import com.google.common.hash.Hashing;
import com.google.common.hash.HashingInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Refuses to end unless all that was read has the digest it should have. */
@SuppressWarnings("UnstableApiUsage") // hashing streams have been beta since 2011
final class VerifyingInputStream extends FilterInputStream {
  private final HashingInputStream hashed;
  private final String location;
  private final String digest;

  VerifyingInputStream(InputStream content, String location, String digest) {
    this(new HashingInputStream(Hashing.sha256(), content), location, digest);
  }

  private VerifyingInputStream(HashingInputStream hashed, String location, String digest) {
    super(hashed);
    this.hashed = hashed;
    this.location = location;
    this.digest = digest;
  }

  @Override
  public int read() throws IOException {
    return verifyAtEnd(super.read());
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    return verifyAtEnd(super.read(buffer, offset, length));
  }

  /** Reads what it skips: every byte counts for the digest. */
  @Override
  public long skip(long count) throws IOException {
    byte[] buffer = new byte[(int) Math.min(8192, Math.max(1, count))];
    long skipped = 0;
    while (skipped < count) {
      int read = read(buffer, 0, (int) Math.min(buffer.length, count - skipped));
      if (read < 0) {
        break;
      }
      skipped += read;
    }
    return skipped;
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  private int verifyAtEnd(int result) throws IOException {
    if (result < 0) {
      String actual = hashed.hash().toString();
      if (!actual.equals(digest)) {
        throw new DamagedContentException(location, digest, actual);
      }
    }
    return result;
  }
}
