package dev.longtake.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of one safetensors file, memory-mapped.
 *
 * <p>A file is an 8-byte little-endian length, a JSON header of that length, and data. The header
 * is believed in nothing: types, shapes and offsets are checked against each other and against the
 * file's size when it is opened, and no memory is taken by what it claims.
 */
public final class SafetensorsFile implements TensorSource {
  private static final int LENGTH_BYTES = Long.BYTES;

  private final MappedFile file;
  private final Map<String, MappedTensor> tensors;

  private SafetensorsFile(MappedFile file, Map<String, MappedTensor> tensors) {
    this.file = file;
    this.tensors = tensors;
  }

  /**
   * Opens a file and checks its header; close the result.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if it cannot be read or contradicts itself
   */
  public static SafetensorsFile open(Path path) {
    try {
      return open(MappedFile.open(path));
    } catch (IOException e) {
      throw CheckpointFault.unreadable(path, e);
    }
  }

  /** Reads the header of a mapped file, which the result then owns. */
  static SafetensorsFile open(MappedFile file) {
    int headerBytes = headerBytes(file);
    JsonNode header =
        StrictJson.parseObject(
            file.bytes(LENGTH_BYTES, headerBytes), "The header of " + file.path());
    long dataStart = (long) LENGTH_BYTES + headerBytes;
    return new SafetensorsFile(file, new SafetensorsHeader(file, dataStart).tensors(header));
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(tensors.keySet());
  }

  @Override
  public StoredTensor tensor(String name) {
    MappedTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw CheckpointFault.noSuchTensor(name, tensors.keySet(), description());
    }
    return tensor;
  }

  @Override
  public String description() {
    return file.path().toString();
  }

  @Override
  public void close() {
    file.close();
  }

  private static int headerBytes(MappedFile file) {
    if (file.sizeBytes() < LENGTH_BYTES) {
      throw CheckpointFault.of(
          ("%s has %d bytes, but a safetensors file begins with 8 bytes that hold its "
                  + "header's length. Download it again.")
              .formatted(file.path(), file.sizeBytes()));
    }
    long headerBytes =
        ByteBuffer.wrap(file.bytes(0, LENGTH_BYTES)).order(ByteOrder.LITTLE_ENDIAN).getLong();
    long room = file.sizeBytes() - LENGTH_BYTES;
    if (headerBytes < 0 || headerBytes > StrictJson.LIMIT_BYTES) {
      throw CheckpointFault.of(
          ("%s says that its header has %s bytes, but at most %d were expected. It is "
                  + "no safetensors file, or it is damaged; download it again.")
              .formatted(file.path(), Long.toUnsignedString(headerBytes), StrictJson.LIMIT_BYTES));
    }
    if (headerBytes > room) {
      throw CheckpointFault.of(
          ("%s says that its header has %d bytes, but only %d follow. It is "
                  + "truncated; download it again.")
              .formatted(file.path(), headerBytes, room));
    }
    return (int) headerBytes;
  }
}
