package dev.longtake.runtime.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Builds archives the way {@code torch.save} does, and wrong ones. */
final class TorchBytes {
  private final Map<String, byte[]> entries = new LinkedHashMap<>();
  private int method = ZipEntry.STORED;

  /** Begins an archive with this pickle. */
  static TorchBytes of(byte[] pickle) {
    return new TorchBytes().entry("m/data.pkl", pickle).entry("m/byteorder", "little");
  }

  /** Begins an archive with a state dict. */
  static TorchBytes of(PickleBytes... stateDictEntries) {
    return of(PickleBytes.stateDict(stateDictEntries));
  }

  TorchBytes storage(String key, float... values) {
    return entry("m/data/" + key, SafetensorsBytes.fp32(values));
  }

  TorchBytes entry(String name, byte[] content) {
    entries.put(name, content);
    return this;
  }

  TorchBytes entry(String name, String content) {
    return entry(name, content.getBytes(StandardCharsets.US_ASCII));
  }

  TorchBytes compressed() {
    method = ZipEntry.DEFLATED;
    return this;
  }

  byte[] build() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> content : entries.entrySet()) {
        ZipEntry entry = new ZipEntry(content.getKey());
        CRC32 crc = new CRC32();
        crc.update(content.getValue());
        entry.setMethod(method);
        entry.setSize(content.getValue().length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
