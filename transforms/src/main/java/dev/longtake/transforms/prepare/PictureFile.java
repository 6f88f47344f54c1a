package dev.longtake.transforms.prepare;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.common.base.Splitter;
import dev.longtake.runtime.api.Picture;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.List;

/** Decoded pictures as they lie in the work store: PPM, binary, 8 bits (netpbm's {@code P6}). */
public final class PictureFile {
  private static final int MOST_HEADER_BYTES = 64;

  private PictureFile() {}

  /** Returns a picture's file. */
  static InputStream encode(Picture picture) {
    String header = "P6\n%d %d\n255\n".formatted(picture.width(), picture.height());
    return new SequenceInputStream(
        new ByteArrayInputStream(header.getBytes(US_ASCII)),
        new ByteArrayInputStream(picture.rgb()));
  }

  /**
   * Reads a picture that was written here.
   *
   * @param content not closed
   * @throws IOException if it is none
   */
  public static Picture read(InputStream content) throws IOException {
    DataInputStream in = new DataInputStream(content);
    if (!line(in).equals("P6")) {
      throw new IOException("The work store has something else where a picture should be.");
    }
    List<String> size = Splitter.on(' ').splitToList(line(in));
    line(in); // greatest value
    int width = Integer.parseInt(size.get(0));
    int height = Integer.parseInt(size.get(1));
    byte[] rgb = new byte[Math.multiplyExact(Math.multiplyExact(width, height), Picture.COLOURS)];
    in.readFully(rgb);
    if (in.read() >= 0) {
      throw new IOException("A picture in the work store is longer than it says.");
    }
    return new Picture(height, width, rgb);
  }

  private static String line(DataInputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < MOST_HEADER_BYTES; i++) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("A picture in the work store ends in its header.");
      }
      if (next == '\n') {
        return line.toString();
      }
      line.append((char) next);
    }
    throw new IOException("A picture in the work store has no header.");
  }
}
