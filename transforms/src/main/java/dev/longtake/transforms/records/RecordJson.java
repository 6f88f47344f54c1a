package dev.longtake.transforms.records;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;

/** Turns records into JSON and back. */
public final class RecordJson {
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private RecordJson() {}

  /** Returns a record's fields as a JSON object. */
  public static String write(Record written) {
    try {
      return JSON.writeValueAsString(written);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("%s has no JSON".formatted(written), e);
    }
  }

  /**
   * Reads a record that was written here.
   *
   * @param content read to its end; not closed
   */
  public static <T extends Record> T read(InputStream content, Class<T> type) throws IOException {
    return JSON.readValue(content.readAllBytes(), type);
  }
}
