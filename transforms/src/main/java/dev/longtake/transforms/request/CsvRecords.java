package dev.longtake.transforms.request;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The records of a CSV file. A record whose quotes are broken costs itself and no other: each is
 * found here, by its quotes, and parsed on its own.
 */
final class CsvRecords {
  /** A quoted cell that goes on for longer than this was not meant to. */
  private static final int MOST_LINES = 100;

  private static final int MOST_CHARACTERS = 1 << 20;

  private final ManifestLines lines;
  private final ObjectReader csv =
      CsvMapper.builder()
          .enable(CsvParser.Feature.WRAP_AS_ARRAY)
          .enable(CsvParser.Feature.TRIM_SPACES)
          .build()
          .readerForListOf(String.class);

  /**
   * A record of the file.
   *
   * @param line where it begins, from 1
   * @param text what was written
   * @param cells without the space around them; empty if there is a fault
   * @param fault why it has none; null if it has
   */
  record Row(int line, String text, List<String> cells, @Nullable RequestFaultException fault) {}

  CsvRecords(ManifestLines lines) {
    this.lines = lines;
  }

  /**
   * Returns the next record; null at the end.
   *
   * @param count how many cells it must have; 0 for any number
   */
  @Nullable Row next(int count) throws IOException {
    for (ManifestLines.Line line = lines.next(); line != null; line = lines.next()) {
      if (!line.isIdle()) {
        return row(line, count);
      }
    }
    return null;
  }

  private Row row(ManifestLines.Line first, int count) throws IOException {
    List<ManifestLines.Line> more = new ArrayList<>();
    String text = first.whole() ? complete(first.text(), more) : null;
    if (text != null) {
      Row row = parsed(first.number(), text, count);
      if (row.fault() == null || more.isEmpty()) {
        return row;
      }
    }
    // The quote was not meant to reach so far: the other lines are records of their own.
    lines.unread(more);
    return new Row(
        first.number(),
        first.text(),
        List.of(),
        broken("a quote is opened and not closed, or the line is too long"));
  }

  /** Returns a record's text, and adds the lines after its first one; null if it has no end. */
  private @Nullable String complete(String first, List<ManifestLines.Line> more)
      throws IOException {
    StringBuilder text = new StringBuilder(first);
    boolean open = isOpenAfter(first, false);
    while (open && more.size() < MOST_LINES && text.length() < MOST_CHARACTERS) {
      ManifestLines.Line next = lines.next();
      if (next == null) {
        break;
      }
      more.add(next);
      text.append('\n').append(next.text());
      open = !next.whole() || isOpenAfter(next.text(), true);
    }
    return open ? null : text.toString();
  }

  private Row parsed(int line, String text, int count) throws IOException {
    try {
      return new Row(line, text, cells(text, count), null);
    } catch (RequestFaultException e) {
      return new Row(line, text, List.of(), e);
    }
  }

  private List<String> cells(String text, int count) throws RequestFaultException, IOException {
    try (MappingIterator<List<String>> rows = csv.readValues(text)) {
      List<String> cells = rows.nextValue();
      if (rows.hasNextValue()) {
        throw broken("there is a line break outside of quotes");
      }
      if (count > 0 && cells.size() != count) {
        throw broken("it has %d cells, but the header has %d".formatted(cells.size(), count));
      }
      return cells.stream().map(String::strip).toList();
    } catch (JsonProcessingException e) {
      throw broken(JsonObjects.complaint(e));
    }
  }

  /** Returns whether a line ends inside quotes, which open a cell and are doubled within it. */
  private static boolean isOpenAfter(String line, boolean openBefore) {
    boolean open = openBefore;
    boolean atCellStart = !openBefore;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (open) {
        boolean doubled = c == '"' && i + 1 < line.length() && line.charAt(i + 1) == '"';
        if (doubled) {
          i++;
        }
        open = c != '"' || doubled;
      } else if (c == '"' && atCellStart) {
        open = true;
        atCellStart = false;
      } else {
        atCellStart = c == ',' || (atCellStart && c == ' ');
      }
    }
    return open;
  }

  private static RequestFaultException broken(String complaint) {
    return new RequestFaultException(
        "BROKEN_CSV",
        ("The line is not CSV: %s. Write a text that contains commas or quotes in quotes, and every"
                + " quote in it twice.")
            .formatted(complaint));
  }
}
