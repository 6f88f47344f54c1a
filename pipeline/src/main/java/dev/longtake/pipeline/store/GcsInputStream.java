package dev.longtake.pipeline.store;

import com.google.cloud.ReadChannel;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageException;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads one generation of an object, by ranges: where a connection ends early, a new one goes on
 * from there. Refuses to end unless all that was read has the length and the CRC32C that the server
 * has for it.
 */
final class GcsInputStream extends InputStream {
  private static final int MOST_EARLY_ENDS = 8;

  private final Storage storage;
  private final BlobId object;
  private final GcsObject expected;
  private final Hasher crc32c = Hashing.crc32c().newHasher();
  private @Nullable ReadChannel channel;
  private long position;
  private int earlyEnds;
  private boolean verified;

  GcsInputStream(Storage storage, BlobId object, GcsObject expected) {
    this.storage = storage;
    this.object = object;
    this.expected = expected;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (position < expected.bytes()) {
      int read = readRange(ByteBuffer.wrap(buffer, offset, length));
      if (read > 0) {
        crc32c.putBytes(buffer, offset, read);
        position += read;
        return read;
      }
      close(); // the next range begins where this one ended
      earlyEnds++;
      if (earlyEnds > MOST_EARLY_ENDS) {
        throw new IOException(
            "%s has %d bytes, but reading ends after %d, again and again"
                .formatted(GcsName.of(object), expected.bytes(), position));
      }
    }
    verify();
    return -1;
  }

  private int readRange(ByteBuffer target) throws IOException {
    try {
      if (channel == null) {
        channel = storage.reader(object);
        channel.seek(position);
        channel.limit(expected.bytes());
      }
      return channel.read(target);
    } catch (StorageException e) {
      throw failure(e);
    } catch (IOException e) {
      throw e.getCause() instanceof StorageException cause ? failure(cause) : e;
    }
  }

  private IOException failure(StorageException e) {
    return e.getCode() == HttpURLConnection.HTTP_NOT_FOUND
        ? new ReplacedException(object, e)
        : GcsObjects.failure("read", object, e);
  }

  private void verify() throws IOException {
    if (verified) {
      return;
    }
    String actual = GcsObject.text(crc32c.hash());
    if (!actual.equals(expected.crc32c())) {
      throw new IOException(
          "%s should have the CRC32C %s, but what came has %s: it was damaged on its way. Read it again."
              .formatted(GcsName.of(object), expected.crc32c(), actual));
    }
    verified = true;
  }

  @Override
  public void close() {
    if (channel != null) {
      channel.close();
      channel = null;
    }
  }

  /** The generation that was being read is gone: the object was replaced or deleted. */
  static final class ReplacedException extends IOException {
    private static final long serialVersionUID = 1L;

    private ReplacedException(BlobId object, StorageException cause) {
      super(
          GcsName.of(object) + " was replaced or deleted while it was read. Read it again.",
          GcsCallFailure.of(cause));
    }
  }
}
