package dev.longtake.transforms.media;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a PNG, JPEG or WebP file says about its picture before any pixel.
 *
 * @param width stored columns, before turning; 0 if not found
 * @param height stored rows, before turning; 0 if not found
 * @param orientation how to turn and mirror it; upright if not found
 */
record PictureHeader(int width, int height, PictureOrientation orientation) {
  private static final int MAX_EXIF_BYTES = 1 << 16;
  private static final int ORIENTATION_TAG = 0x0112;
  private static final int TIFF_ENTRY_BYTES = 12;
  private static final String EXIF_PREFIX = "Exif\0\0";

  /** Reads a file's header; empty if the file is of another format. */
  static Optional<PictureHeader> read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      Scan scan = new Scan(channel);
      ByteBuffer magic = scan.bytes(0, 12);
      if (magic.remaining() < 12) {
        return Optional.empty();
      }
      if (magic.getLong(0) == 0x89504E470D0A1A0AL) {
        return Optional.of(scan.png());
      }
      if (magic.getShort(0) == (short) 0xFFD8) {
        return Optional.of(scan.jpeg());
      }
      if (text(magic, 0).equals("RIFF") && text(magic, 8).equals("WEBP")) {
        return Optional.of(scan.webp());
      }
      return Optional.empty();
    }
  }

  private static String text(ByteBuffer bytes, int at) {
    byte[] four = new byte[4];
    bytes.get(at, four);
    return new String(four, ISO_8859_1);
  }

  /** A walk over the parts of one file; what is cut off or makes no sense ends it. */
  private static final class Scan {
    private final FileChannel channel;
    private int width;
    private int height;
    private PictureOrientation orientation = PictureOrientation.UPRIGHT;

    Scan(FileChannel channel) {
      this.channel = channel;
    }

    PictureHeader png() throws IOException {
      long at = 8;
      for (ByteBuffer head = bytes(at, 8); head.remaining() == 8; head = bytes(at, 8)) {
        long length = Integer.toUnsignedLong(head.getInt(0));
        switch (text(head, 4)) {
          case "IHDR" -> {
            ByteBuffer size = bytes(at + 8, 8);
            setSize(
                size.remaining() < 8 ? 0 : size.getInt(0),
                size.remaining() < 8 ? 0 : size.getInt(4));
          }
          case "eXIf" -> exif(bytes(at + 8, length));
          default -> {}
        }
        at += 12 + length;
      }
      return result();
    }

    PictureHeader jpeg() throws IOException {
      long at = 2;
      for (ByteBuffer head = bytes(at, 9); head.remaining() == 9; head = bytes(at, 9)) {
        int marker = Byte.toUnsignedInt(head.get(1));
        if (head.get(0) != (byte) 0xFF || marker == 0xDA || marker == 0xD9) {
          break;
        }
        if (marker == 0xFF) { // a fill byte
          at++;
          continue;
        }
        int length = Short.toUnsignedInt(head.getShort(2));
        boolean frame = marker >= 0xC0 && marker <= 0xCF;
        if (frame && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
          setSize(Short.toUnsignedInt(head.getShort(7)), Short.toUnsignedInt(head.getShort(5)));
        }
        if (marker == 0xE1) {
          ByteBuffer body = bytes(at + 4, length - 2L);
          if (startsWithExif(body)) {
            exif(body);
          }
        }
        at += 2L + length;
      }
      return result();
    }

    PictureHeader webp() throws IOException {
      long at = 12;
      for (ByteBuffer head = bytes(at, 8); head.remaining() == 8; head = bytes(at, 8)) {
        long length = Integer.toUnsignedLong(head.order(ByteOrder.LITTLE_ENDIAN).getInt(4));
        ByteBuffer body = bytes(at + 8, Math.min(length, 10)).order(ByteOrder.LITTLE_ENDIAN);
        switch (text(head, 0)) {
          case "VP8X" -> {
            if (body.remaining() == 10) {
              setSize((body.getInt(4) & 0xFFFFFF) + 1, (body.getInt(6) >>> 8) + 1);
            }
          }
          case "VP8 " -> {
            if (body.remaining() == 10 && width == 0) {
              setSize(body.getShort(6) & 0x3FFF, body.getShort(8) & 0x3FFF);
            }
          }
          case "VP8L" -> {
            if (body.remaining() >= 5 && width == 0) {
              int sizes = body.getInt(1);
              setSize((sizes & 0x3FFF) + 1, (sizes >>> 14 & 0x3FFF) + 1);
            }
          }
          case "EXIF" -> exif(bytes(at + 8, length));
          default -> {}
        }
        at += 8 + length + (length & 1);
      }
      return result();
    }

    private void setSize(int columns, int rows) {
      width = columns;
      height = rows;
    }

    private PictureHeader result() {
      return new PictureHeader(width, height, orientation);
    }

    private static boolean startsWithExif(ByteBuffer body) {
      byte[] prefix = new byte[EXIF_PREFIX.length()];
      if (body.remaining() < prefix.length) {
        return false;
      }
      body.get(body.position(), prefix);
      return new String(prefix, ISO_8859_1).equals(EXIF_PREFIX);
    }

    /** Reads the orientation out of a TIFF block. */
    private void exif(ByteBuffer block) {
      ByteBuffer tiff = block;
      if (startsWithExif(block)) {
        tiff = block.slice(EXIF_PREFIX.length(), block.remaining() - EXIF_PREFIX.length());
      }
      if (tiff.remaining() < 8) {
        return;
      }
      tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
      int directory = tiff.getInt(4);
      if (tiff.getShort(2) != 42 || directory < 8 || directory > tiff.remaining() - 2) {
        return;
      }
      int entries = Short.toUnsignedInt(tiff.getShort(directory));
      for (int i = 0; i < entries; i++) {
        int at = directory + 2 + i * TIFF_ENTRY_BYTES;
        if (at > tiff.remaining() - TIFF_ENTRY_BYTES) {
          return;
        }
        if (tiff.getShort(at) == ORIENTATION_TAG) {
          orientation = PictureOrientation.ofTag(tiff.getShort(at + 8));
          return;
        }
      }
    }

    /** Returns what the file has of {@code count} bytes, of which no more than 64 KiB are read. */
    private ByteBuffer bytes(long at, long count) throws IOException {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, Math.min(count, MAX_EXIF_BYTES)));
      while (bytes.hasRemaining()) {
        int read = channel.read(bytes, at + bytes.position());
        if (read < 0) {
          break;
        }
      }
      return bytes.flip();
    }
  }
}
