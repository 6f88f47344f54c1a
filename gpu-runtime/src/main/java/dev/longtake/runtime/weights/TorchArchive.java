package dev.longtake.runtime.weights;

import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/** Where the parts of a {@code torch.save} archive lie in its file. */
final class TorchArchive {
  private static final String PICKLE = "/data.pkl";
  private static final int LONGEST_PICKLE_BYTES = 100_000_000;
  private static final int LONGEST_NOTE_BYTES = 16;

  private final MappedFile file;
  private final Map<String, Entry> entries;
  private final String root;

  /** Where an entry's uncompressed bytes lie. */
  record Entry(long startBytes, long sizeBytes) {}

  private TorchArchive(MappedFile file, Map<String, Entry> entries, String root) {
    this.file = file;
    this.entries = entries;
    this.root = root;
  }

  /**
   * Reads the archive's directory.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if it is no zip archive, or not torch's
   */
  static TorchArchive read(MappedFile file) {
    Map<String, Entry> entries = new HashMap<>();
    for (ZipArchiveEntry entry : directory(file)) {
      if (entries.put(entry.getName(), located(file, entry)) != null) {
        throw CheckpointFault.of(
            "%s holds two entries %s. It is damaged; download it again."
                .formatted(file.path(), CheckpointFault.quote(entry.getName())));
      }
    }
    List<String> roots =
        entries.keySet().stream()
            .filter(name -> name.indexOf('/') == name.length() - PICKLE.length())
            .filter(name -> name.endsWith(PICKLE))
            .map(name -> name.substring(0, name.length() - PICKLE.length()))
            .toList();
    if (roots.size() != 1) {
      throw CheckpointFault.of(
          ("%s is a zip archive with %d entries <name>/data.pkl, but one was "
                  + "expected. It was not written by torch.save; download it again.")
              .formatted(file.path(), roots.size()));
    }
    TorchArchive archive = new TorchArchive(file, entries, roots.get(0));
    archive.requireLittleEndian();
    return archive;
  }

  /**
   * Returns a copy of the pickle.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if it is longer than any state dict's
   */
  byte[] pickle() {
    Entry entry = entries.get(root + PICKLE);
    if (entry.sizeBytes > LONGEST_PICKLE_BYTES) {
      throw CheckpointFault.of(
          ("%s has a pickle of %d bytes, but at most %d were expected. It holds more "
                  + "than tensors; take a checkpoint of a state_dict().")
              .formatted(file.path(), entry.sizeBytes, LONGEST_PICKLE_BYTES));
    }
    return file.bytes(entry.startBytes, (int) entry.sizeBytes);
  }

  /** Returns where a storage's elements are, or null if the archive has none of this key. */
  @Nullable Entry storage(String key) {
    return entries.get(root + "/data/" + key);
  }

  private void requireLittleEndian() {
    Entry note = entries.get(root + "/byteorder");
    if (note == null) {
      return;
    }
    byte[] bytes = file.bytes(note.startBytes, (int) Math.min(note.sizeBytes, LONGEST_NOTE_BYTES));
    String order = new String(bytes, StandardCharsets.US_ASCII);
    if (!order.equals("little")) {
      throw CheckpointFault.of(
          ("%s has byte order %s, but 'little' was expected. Save it again on a "
                  + "little-endian machine.")
              .formatted(file.path(), CheckpointFault.quote(order)));
    }
  }

  private static List<ZipArchiveEntry> directory(MappedFile file) {
    try (ZipFile zip = ZipFile.builder().setPath(file.path()).get()) {
      return Collections.list(zip.getEntries());
    } catch (IOException | RuntimeException e) {
      // The library answers some damage with unchecked exceptions of many types.
      throw CheckpointFault.of(
          ("%s is not a complete zip archive, which torch.save has written since "
                  + "PyTorch 1.6: %s. Download it again.")
              .formatted(file.path(), CheckpointFault.quote(String.valueOf(e.getMessage()))),
          e);
    }
  }

  private static Entry located(MappedFile file, ZipArchiveEntry entry) {
    long start = entry.getDataOffset();
    long size = entry.getSize();
    if (entry.getMethod() != ZipEntry.STORED
        || entry.getGeneralPurposeBit().usesEncryption()
        || entry.getCompressedSize() != size) {
      throw CheckpointFault.of(
          ("Entry %s of %s is compressed or encrypted, but torch.save stores entries "
                  + "as they are. Save the file again with torch.save.")
              .formatted(CheckpointFault.quote(entry.getName()), file.path()));
    }
    if (start < 0 || size < 0 || start > file.sizeBytes() || size > file.sizeBytes() - start) {
      throw CheckpointFault.of(
          ("Entry %s of %s lies at bytes %d to %d, but the file has %d bytes. It is "
                  + "truncated or damaged; download it again.")
              .formatted(
                  CheckpointFault.quote(entry.getName()),
                  file.path(),
                  start,
                  start + size,
                  file.sizeBytes()));
    }
    return new Entry(start, size);
  }
}
