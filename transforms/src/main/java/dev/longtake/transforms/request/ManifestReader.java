package dev.longtake.transforms.request;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.Locale;

/**
 * Reads a manifest: what there is to render.
 *
 * <p>Three formats, all UTF-8 with or without a byte order mark:
 *
 * <ul>
 *   <li>JSON Lines: {@code {"id","image","audio","prompt","seed","size","output","numClip"}}, of
 *       which id, image and audio are needed;
 *   <li>CSV, if the file's name ends in {@code .csv}: the same names as columns of a header;
 *   <li>the official batch file, known by its content: an object of name → {prompt, image, audio,
 *       num_clip}.
 * </ul>
 *
 * <p>Blank lines and lines that start with # are skipped. Without a prompt the video is of a person
 * who talks; without a seed it is the run's. Paths are relative to the manifest.
 *
 * <p>A line that is no request is passed on as a dead letter of the stage {@code read}, with one of
 * these codes: BROKEN_JSON, BROKEN_CSV, LINE_TOO_LONG, NOT_AN_OBJECT, UNKNOWN_KEY, BAD_TYPE,
 * MISSING_ID, UNSAFE_ID, DUPLICATE_ID, MISSING_IMAGE, MISSING_AUDIO, BAD_PATH, UNKNOWN_SIZE,
 * UNSAFE_OUTPUT, DUPLICATE_OUTPUT. Its id is taken nevertheless.
 */
public final class ManifestReader {
  private static final int START_BYTES = 1 << 16;
  private static final int MARK_BYTES = 3;

  private final String manifest;
  private final long defaultSeed;

  /**
   * Creates a reader.
   *
   * @param manifest the manifest's path or URI: gives the format, the directory that paths are
   *     relative to, and a name for messages
   * @param defaultSeed seed of the requests that name none
   */
  public ManifestReader(String manifest, long defaultSeed) {
    this.manifest = requireNonNull(manifest, "manifest");
    this.defaultSeed = defaultSeed;
  }

  /**
   * Reads all requests. Nothing of the lines gone by is kept but ids and outputs.
   *
   * @param in the manifest's bytes; not closed here
   * @param sink gets every line that says something, in order, while later ones are still unread
   * @throws LongtakeException INVALID_CONFIG if the file as a whole cannot be a manifest: it is not
   *     UTF-8, has no request in it, has a CSV header without the needed columns, or is a broken
   *     batch file. Lines before the place may have been passed on.
   */
  public void read(InputStream in, ManifestSink sink) throws IOException {
    byte[] start = in.readNBytes(START_BYTES);
    requireNoUtf16(start);
    if (startsWith(start, 0xEF, 0xBB, 0xBF)) {
      start = Arrays.copyOfRange(start, MARK_BYTES, start.length);
    }
    InputStream all = new SequenceInputStream(new ByteArrayInputStream(start), in);
    RequestParser parser = new RequestParser(new InputPaths(manifest), defaultSeed, sink);
    if (manifest.toLowerCase(Locale.ROOT).endsWith(".csv")) {
      new CsvManifest(manifest, new ManifestLines(manifest, all), parser).read();
    } else if (BatchManifest.isOne(start)) {
      new BatchManifest(manifest, all, parser).read();
    } else {
      new JsonLinesManifest(new ManifestLines(manifest, all), parser).read();
    }
    if (parser.isEmpty()) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          ("The manifest %s asks for nothing: it has no line but blank ones, comments and perhaps a"
                  + " header. Write one request a line, such as {\"id\":\"lesson-1\","
                  + " \"image\":\"teacher.png\", \"audio\":\"lesson-1.wav\"}.")
              .formatted(manifest));
    }
  }

  private void requireNoUtf16(byte[] start) {
    if (startsWith(start, 0xFF, 0xFE) || startsWith(start, 0xFE, 0xFF)) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          "The manifest %s is not UTF-8 but UTF-16. Save it as UTF-8.".formatted(manifest));
    }
  }

  private static boolean startsWith(byte[] bytes, int... mark) {
    for (int i = 0; i < mark.length; i++) {
      if (bytes.length <= i || Byte.toUnsignedInt(bytes[i]) != mark[i]) {
        return false;
      }
    }
    return true;
  }
}
