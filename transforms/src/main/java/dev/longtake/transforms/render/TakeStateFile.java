package dev.longtake.transforms.render;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.TakeState;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * How a take ends, as a safetensors file: one fp32 tensor {@code motion}, and in the metadata
 * whether it moves.
 */
final class TakeStateFile {
  private static final String MOTION = "motion";

  private TakeStateFile() {}

  static void write(Path file, TakeState state) throws IOException {
    float[] values = state.motion().values();
    String shape =
        Arrays.stream(state.motion().shape()).mapToObj(String::valueOf).collect(joining(","));
    byte[] header =
        "{\"__metadata__\":{\"moving\":\"%s\"},\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[0,%d]}}"
            .formatted(state.moving(), MOTION, shape, values.length * (long) Float.BYTES)
            .getBytes(UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(
                Math.addExact(
                    Long.BYTES + header.length, Math.multiplyExact(values.length, Float.BYTES)))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length).put(header);
    bytes.asFloatBuffer().put(values);
    Files.write(file, bytes.array());
  }

  /**
   * Reads a state that was written here.
   *
   * @param content not closed
   */
  static TakeState read(InputStream content) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(content.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
    byte[] header = new byte[Math.toIntExact(bytes.getLong())];
    bytes.get(header);
    JsonNode json = JsonMapper.builder().build().readTree(header);
    JsonNode shape = json.path(MOTION).path("shape");
    int[] extents = new int[shape.size()];
    for (int i = 0; i < extents.length; i++) {
      extents[i] = shape.get(i).intValue();
    }
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    boolean moving = json.path("__metadata__").path("moving").asText().equals("true");
    return new TakeState(new HostValues(values, extents), moving);
  }
}
