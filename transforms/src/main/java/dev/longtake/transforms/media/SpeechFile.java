package dev.longtake.transforms.media;

import static com.google.common.base.Preconditions.checkArgument;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * Decoded speech as it lies in the work store: fp32 samples of {@link AudioReader#SAMPLE_RATE_HZ},
 * little-endian, and nothing else, so that a part can be read without what comes before it.
 */
public final class SpeechFile {
  private static final int CHUNK_SAMPLES = 1 << 14;

  private SpeechFile() {}

  /** Writes samples. */
  public static final class Writer {
    private final WritableByteChannel channel;

    /** Writes to {@code channel}, which the caller closes. */
    public Writer(WritableByteChannel channel) {
      this.channel = channel;
    }

    /** Appends the first {@code count} samples. */
    public void write(float[] samples, int count) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(samples, 0, count);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  /**
   * Reads all samples.
   *
   * @param content closed at the end
   */
  public static void read(InputStream content, SampleConsumer consumer) throws IOException {
    try (content) {
      byte[] bytes = new byte[CHUNK_SAMPLES * Float.BYTES];
      float[] samples = new float[CHUNK_SAMPLES];
      int read;
      do {
        read = content.readNBytes(bytes, 0, bytes.length);
        littleEndian(bytes).get(samples, 0, read / Float.BYTES);
        consumer.accept(samples, read / Float.BYTES);
      } while (read == bytes.length);
    }
  }

  /**
   * Reads a part.
   *
   * @param content from its beginning; not closed
   * @param first sample
   * @param count how many
   * @throws EOFException if there are not so many
   */
  public static float[] read(InputStream content, long first, int count) throws IOException {
    checkArgument(first >= 0 && count >= 0, "no such part: %s samples from %s", count, first);
    content.skipNBytes(first * Float.BYTES);
    float[] samples = new float[count];
    byte[] bytes = new byte[Math.min(count, CHUNK_SAMPLES) * Float.BYTES];
    for (int done = 0; done < count; ) {
      int next = Math.min(CHUNK_SAMPLES, count - done);
      if (content.readNBytes(bytes, 0, next * Float.BYTES) < next * Float.BYTES) {
        throw new EOFException("Speech in the work store is shorter than it was.");
      }
      littleEndian(bytes).get(samples, done, next);
      done += next;
    }
    return samples;
  }

  private static FloatBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }
}
