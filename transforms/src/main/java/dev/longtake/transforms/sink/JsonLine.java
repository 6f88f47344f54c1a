package dev.longtake.transforms.sink;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonpCharacterEscapes;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;

/** One object of a JSON Lines file. */
final class JsonLine {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int DECIMALS = 3;

  private JsonLine() {}

  /** Writes the fields of the object. */
  @FunctionalInterface
  interface Fields {
    /** Writes names and values to {@code json}, whose object is open. */
    void writeTo(JsonGenerator json) throws IOException;
  }

  /** Returns an object of {@code fields} and the line feed that ends it; no other is in it. */
  static String of(Fields fields) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      // Escapes U+2028 and U+2029 too, which many readers take for the end of a line.
      json.setCharacterEscapes(JsonpCharacterEscapes.instance());
      json.writeStartObject();
      fields.writeTo(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a StringWriter has none of its own
    }
    return text.append('\n').toString();
  }

  /** Writes a finite number with at most three decimals and no exponent. */
  static void writeDecimal(JsonGenerator json, String name, double value) throws IOException {
    BigDecimal rounded = BigDecimal.valueOf(value).setScale(DECIMALS, RoundingMode.HALF_UP);
    json.writeFieldName(name);
    json.writeNumber(rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString());
  }
}
