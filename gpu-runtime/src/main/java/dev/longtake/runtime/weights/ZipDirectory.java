package dev.longtake.runtime.weights;

import dev.longtake.runtime.api.LongtakeException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The directory at the end of a zip archive, also of one over 4 GiB (zip64). Says where entries
 * lie, which Java's own library does not, and unpacks none.
 */
final class ZipDirectory {
  private static final int LONGEST_BYTES = 100_000_000;
  private static final int END_SIGNATURE = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int LONGEST_COMMENT_BYTES = 0xFFFF;
  private static final int LOCATOR_SIGNATURE = 0x07064b50;
  private static final int LOCATOR_BYTES = 20;
  private static final int LARGE_END_SIGNATURE = 0x06064b50;
  private static final int LARGE_END_BYTES = 56;
  private static final int ENTRY_SIGNATURE = 0x02014b50;
  private static final int ENTRY_BYTES = 46;
  private static final int LOCAL_SIGNATURE = 0x04034b50;
  private static final int LOCAL_BYTES = 30;
  private static final int EXTRA_HEAD_BYTES = 4;
  private static final int LARGE_EXTRA = 1;
  private static final int ENCRYPTED = 1;
  private static final int STORED = 0;

  /** What a 32-bit field holds whose value is among the extra ones. */
  private static final long ELSEWHERE = 0xFFFFFFFFL;

  private final MappedFile file;

  /**
   * What lies in the archive.
   *
   * @param startBytes where its bytes begin in the file; they may leave it
   * @param sizeBytes how many there are, packed
   * @param plain whether they are stored as they are: not compressed, not encrypted
   */
  record Entry(String name, long startBytes, long sizeBytes, boolean plain) {}

  private record Range(long startBytes, long sizeBytes) {}

  private ZipDirectory(MappedFile file) {
    this.file = file;
  }

  /**
   * Reads the directory.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if the file has none, or one that is damaged
   */
  static List<Entry> read(MappedFile file) {
    return new ZipDirectory(file).entries();
  }

  private List<Entry> entries() {
    Range range = range();
    ByteBuffer directory = bytes(range.startBytes, range.sizeBytes);
    List<Entry> entries = new ArrayList<>();
    for (int at = 0; at < directory.capacity(); ) {
      require(directory, at, ENTRY_SIGNATURE, ENTRY_BYTES, "an entry of its directory");
      int nameBytes = directory.getShort(at + 28) & 0xFFFF;
      int extraBytes = directory.getShort(at + 30) & 0xFFFF;
      int commentBytes = directory.getShort(at + 32) & 0xFFFF;
      int next = at + ENTRY_BYTES + nameBytes + extraBytes + commentBytes;
      if (next > directory.capacity()) {
        throw damaged("an entry of its directory is cut off");
      }
      int nameAt = at + ENTRY_BYTES;
      byte[] name = new byte[nameBytes];
      directory.get(nameAt, name);
      entries.add(
          entry(
              new String(name, StandardCharsets.UTF_8),
              directory.slice(at, ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN),
              directory.slice(nameAt + nameBytes, extraBytes).order(ByteOrder.LITTLE_ENDIAN)));
      at = next;
    }
    return entries;
  }

  /** Returns where the directory lies. */
  private Range range() {
    long tailBytes = Math.min(file.sizeBytes(), END_BYTES + LONGEST_COMMENT_BYTES);
    ByteBuffer tail = bytes(file.sizeBytes() - tailBytes, tailBytes);
    for (int at = tail.capacity() - END_BYTES; at >= 0; at--) {
      if (tail.getInt(at) == END_SIGNATURE
          && at + END_BYTES + (tail.getShort(at + 20) & 0xFFFF) == tail.capacity()) {
        int locator = at - LOCATOR_BYTES;
        return locator >= 0 && tail.getInt(locator) == LOCATOR_SIGNATURE
            ? largeRange(tail.getLong(locator + 8))
            : new Range(unsigned(tail, at + 16), unsigned(tail, at + 12));
      }
    }
    throw damaged("it has no directory at its end");
  }

  private Range largeRange(long startBytes) {
    ByteBuffer end = bytes(startBytes, LARGE_END_BYTES);
    require(end, 0, LARGE_END_SIGNATURE, LARGE_END_BYTES, "the end of its directory");
    return new Range(end.getLong(48), end.getLong(40));
  }

  private Entry entry(String name, ByteBuffer fixed, ByteBuffer extra) {
    ByteBuffer large = large(extra);
    long size = value(fixed, 24, large);
    long packedSize = value(fixed, 20, large);
    long start = value(fixed, 42, large);
    ByteBuffer local = bytes(start, LOCAL_BYTES);
    require(local, 0, LOCAL_SIGNATURE, LOCAL_BYTES, "the head of an entry");
    long dataStart =
        start + LOCAL_BYTES + (local.getShort(26) & 0xFFFF) + (local.getShort(28) & 0xFFFF);
    boolean plain =
        (fixed.getShort(8) & ENCRYPTED) == 0 && fixed.getShort(10) == STORED && size == packedSize;
    return new Entry(name, dataStart, packedSize, plain);
  }

  /** Returns the 64-bit values of an entry, in the order of those fields that need them. */
  private ByteBuffer large(ByteBuffer extra) {
    int at = 0;
    while (at + EXTRA_HEAD_BYTES <= extra.capacity()) {
      int length = extra.getShort(at + 2) & 0xFFFF;
      if (at + EXTRA_HEAD_BYTES + length > extra.capacity()) {
        break;
      }
      if (extra.getShort(at) == LARGE_EXTRA) {
        return extra.slice(at + EXTRA_HEAD_BYTES, length).order(ByteOrder.LITTLE_ENDIAN);
      }
      at += EXTRA_HEAD_BYTES + length;
    }
    return ByteBuffer.allocate(0);
  }

  private long value(ByteBuffer fixed, int field, ByteBuffer large) {
    long value = unsigned(fixed, field);
    if (value != ELSEWHERE) {
      return value;
    }
    if (large.remaining() < Long.BYTES) {
      throw damaged("an entry of its directory lacks a 64-bit size");
    }
    return large.getLong();
  }

  private static long unsigned(ByteBuffer bytes, int at) {
    return Integer.toUnsignedLong(bytes.getInt(at));
  }

  private void require(ByteBuffer bytes, int at, int signature, int count, String what) {
    if (bytes.capacity() - at < count || bytes.getInt(at) != signature) {
      throw damaged(what + " is not where it should be");
    }
  }

  private ByteBuffer bytes(long startBytes, long count) {
    if (startBytes < 0 || count < 0 || startBytes > file.sizeBytes() - count) {
      throw damaged("its directory names bytes that the file does not have");
    }
    if (count > LONGEST_BYTES) {
      throw damaged("its directory has %d bytes, which no state dict's has".formatted(count));
    }
    return ByteBuffer.wrap(file.bytes(startBytes, (int) count)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private LongtakeException damaged(String how) {
    return CheckpointFault.of(
        ("%s is not a complete zip archive, which torch.save has written since PyTorch 1.6: %s. "
                + "Download it again.")
            .formatted(file.path(), how));
  }
}
