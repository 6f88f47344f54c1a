package dev.longtake.runtime.weights;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.tensor.DType;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A file of any size, mapped into memory for reading, little-endian. Safe for several threads.
 *
 * <p>Java maps at most 2 GiB at once, so a file is mapped in segments. Each begins a fixed distance
 * after the one before and reaches a little into the next one, so that every element lies in one
 * piece in the segment it begins in, however it is aligned.
 *
 * <p>The file must not be shortened while it is open. Closing makes it unusable; the JVM unmaps it
 * when it collects the garbage, which costs address space and page cache, but no memory.
 */
final class MappedFile implements AutoCloseable {
  private static final int SEGMENT_BYTES = 1 << 30;
  private static final int LARGEST_ELEMENT_BYTES = 8;

  private final Path path;
  private final long sizeBytes;
  private final int segmentBytes;
  private final FileChannel channel;
  private volatile ByteBuffer @Nullable [] segments;

  private MappedFile(
      Path path, FileChannel channel, long sizeBytes, int segmentBytes, ByteBuffer[] segments) {
    this.path = path;
    this.channel = channel;
    this.sizeBytes = sizeBytes;
    this.segmentBytes = segmentBytes;
    this.segments = segments;
  }

  /**
   * Maps a whole file.
   *
   * @throws IOException if it cannot be opened or mapped
   */
  static MappedFile open(Path path) throws IOException {
    return open(path, SEGMENT_BYTES);
  }

  /** As {@link #open(Path)}, with another distance between segments. */
  static MappedFile open(Path path, int segmentBytes) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      long sizeBytes = channel.size();
      int count = Math.toIntExact((sizeBytes + segmentBytes - 1) / segmentBytes);
      ByteBuffer[] segments = new ByteBuffer[count];
      for (int i = 0; i < count; i++) {
        long start = (long) i * segmentBytes;
        long length = Math.min((long) segmentBytes + LARGEST_ELEMENT_BYTES, sizeBytes - start);
        segments[i] = channel.map(MapMode.READ_ONLY, start, length).order(ByteOrder.LITTLE_ENDIAN);
      }
      return new MappedFile(path, channel, sizeBytes, segmentBytes, segments);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Returns where the file is. */
  Path path() {
    return path;
  }

  /** Returns how long the file is. */
  long sizeBytes() {
    return sizeBytes;
  }

  /**
   * Returns a copy of a range.
   *
   * @throws IndexOutOfBoundsException if the range leaves the file
   */
  byte[] bytes(long offsetBytes, int count) {
    Objects.checkFromIndexSize(offsetBytes, count, sizeBytes);
    ByteBuffer[] mapped = mapped();
    byte[] copy = new byte[count];
    int copied = 0;
    while (copied < count) {
      long position = offsetBytes + copied;
      ByteBuffer segment = mapped[(int) (position / segmentBytes)];
      int local = (int) (position % segmentBytes);
      int run = Math.min(count - copied, segment.capacity() - local);
      segment.get(local, copy, copied, run);
      copied += run;
    }
    return copy;
  }

  /**
   * Copies a range to the front of {@code out}, by reading it: several threads are quicker so than
   * with mapped memory, each page of which has to be faulted in.
   *
   * @throws IndexOutOfBoundsException if the range leaves the file, or {@code out}
   * @throws dev.longtake.runtime.api.LongtakeException INVALID_CHECKPOINT if it cannot be read
   */
  void copy(long offsetBytes, int count, ByteBuffer out) {
    mapped();
    Objects.checkFromIndexSize(offsetBytes, count, sizeBytes);
    ByteBuffer target = out.slice(0, count);
    try {
      while (target.hasRemaining()) {
        if (channel.read(target, offsetBytes + target.position()) < 0) {
          throw new EOFException("it has become shorter since it was opened");
        }
      }
    } catch (IOException e) {
      throw CheckpointFault.unreadable(path, e);
    }
  }

  /**
   * Reads elements at equal distances, widened to fp32.
   *
   * @param offsetBytes where the first element begins
   * @param strideBytes from one element's beginning to the next one's, at least 0
   * @throws IndexOutOfBoundsException if the elements leave the file, or {@code out}
   */
  void read(
      long offsetBytes, long strideBytes, DType dtype, float[] out, int outOffset, int count) {
    ByteBuffer[] mapped = mapped();
    int done = 0;
    while (done < count) {
      long position = offsetBytes + done * strideBytes;
      int local = (int) (position % segmentBytes);
      long fitting = strideBytes == 0 ? count : (segmentBytes - 1 - local) / strideBytes + 1;
      int run = (int) Math.min(count - done, fitting);
      // Where the stride exceeds an int, a run is a single element and the stride has no effect.
      int stride = (int) Math.min(strideBytes, Integer.MAX_VALUE);
      Widening.widen(
          mapped[(int) (position / segmentBytes)],
          local,
          stride,
          dtype,
          out,
          outOffset + done,
          run);
      done += run;
    }
  }

  @Override
  public void close() {
    segments = null;
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("closing " + path, e);
    }
  }

  private ByteBuffer[] mapped() {
    ByteBuffer[] mapped = segments;
    checkState(mapped != null, "%s has been closed", path);
    return mapped;
  }
}
