package dev.longtake.transforms.request;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The lines of a manifest, one at a time. The stream is not closed here. */
final class ManifestLines {
  /** Longest line that is read; of a longer one only the start is shown. */
  static final int MOST_BYTES = 1 << 20;

  private static final int SHOWN_BYTES = 200;

  private final String manifest;
  private final InputStream in;
  private final Deque<Line> unread = new ArrayDeque<>();
  private int number;

  /**
   * A line without its end.
   *
   * @param number from 1
   * @param whole whether all of it is in {@code text}
   */
  record Line(int number, String text, boolean whole) {
    /** Returns whether it says nothing: blank, or a comment. */
    boolean isIdle() {
      return text.isBlank() || text.charAt(0) == '#';
    }
  }

  /**
   * Reads lines.
   *
   * @param manifest its name, for messages
   * @param in UTF-8 without a byte order mark
   */
  ManifestLines(String manifest, InputStream in) {
    this.manifest = manifest;
    this.in = new BufferedInputStream(in);
  }

  /**
   * Returns the next line; null at the end.
   *
   * @throws LongtakeException INVALID_CONFIG if it is not UTF-8
   */
  @Nullable Line next() throws IOException {
    Line again = unread.pollFirst();
    return again == null ? read() : again;
  }

  /** Has lines come again, in their order, before those not yet read. */
  void unread(List<Line> lines) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      unread.addFirst(lines.get(i));
    }
  }

  private @Nullable Line read() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int next = in.read();
    if (next < 0) {
      return null;
    }
    number++;
    boolean whole = true;
    for (; next >= 0 && next != '\n'; next = in.read()) {
      if (bytes.size() < MOST_BYTES) {
        bytes.write(next);
      } else {
        whole = false;
      }
    }
    byte[] line = bytes.toByteArray();
    if (!whole) {
      return new Line(number, new String(line, 0, SHOWN_BYTES, UTF_8) + "…", false);
    }
    int length = line.length > 0 && line[line.length - 1] == '\r' ? line.length - 1 : line.length;
    return new Line(number, decode(line, length), true);
  }

  private String decode(byte[] line, int length) {
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(line, 0, length)).toString();
    } catch (CharacterCodingException e) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          "The manifest %s is not UTF-8: line %d has bytes that are no characters. Save it as UTF-8."
              .formatted(manifest, number),
          e);
    }
  }
}
