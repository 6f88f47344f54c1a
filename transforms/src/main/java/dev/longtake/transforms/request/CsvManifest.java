package dev.longtake.transforms.request;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** A manifest of comma-separated values. Its first record names the columns, in any order. */
final class CsvManifest {
  private final String manifest;
  private final CsvRecords records;
  private final RequestParser parser;

  CsvManifest(String manifest, ManifestLines lines, RequestParser parser) {
    this.manifest = manifest;
    this.records = new CsvRecords(lines);
    this.parser = parser;
  }

  /**
   * Reads record by record.
   *
   * @throws LongtakeException INVALID_CONFIG if the header is missing or cannot be right
   */
  void read() throws IOException {
    CsvRecords.Row header = records.next(0);
    if (header == null) {
      return;
    }
    List<Column> columns = columns(header);
    int count = columns.size();
    for (CsvRecords.Row row = records.next(count); row != null; row = records.next(count)) {
      if (row.fault() != null) {
        parser.fail(row.line(), row.text(), null, row.fault());
        continue;
      }
      ObjectNode object = object(columns, row.cells());
      parser.accept(row.line(), object.toString(), object);
    }
  }

  private List<Column> columns(CsvRecords.Row header) {
    if (header.fault() != null) {
      throw badHeader(String.valueOf(header.fault().getMessage()));
    }
    List<Column> columns = new ArrayList<>();
    for (String cell : header.cells()) {
      Column column = Column.of(cell);
      if (column == null) {
        throw badHeader(
            "there is no column '%s'; the closest is '%s'"
                .formatted(SafeNames.shown(cell), Column.closest(cell).key()));
      }
      if (columns.contains(column)) {
        throw badHeader("the column '%s' is there twice".formatted(cell));
      }
      columns.add(column);
    }
    if (!columns.containsAll(Column.NEEDED)) {
      throw badHeader("the columns id, image and audio are needed");
    }
    return columns;
  }

  /** Returns the JSON line that says the same; empty cells are left out. */
  private static ObjectNode object(List<Column> columns, List<String> cells) {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    for (Column column : Column.values()) {
      int index = columns.indexOf(column);
      if (index < 0 || cells.get(index).isEmpty()) {
        continue;
      }
      String cell = cells.get(index);
      if (column.isNumber() && cell.matches("-?[0-9]{1,30}")) {
        object.put(column.key(), new BigInteger(cell));
      } else {
        object.put(column.key(), cell);
      }
    }
    return object;
  }

  private LongtakeException badHeader(String reason) {
    return new LongtakeException(
        ErrorCode.INVALID_CONFIG,
        ("The first line of the manifest %s must name its columns, separated by commas: %s. There "
                + "are: %s.")
            .formatted(manifest, reason, Column.keys()));
  }
}
