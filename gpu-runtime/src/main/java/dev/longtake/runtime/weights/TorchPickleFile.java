package dev.longtake.runtime.weights;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.Pickled.Dict;
import dev.longtake.runtime.weights.Pickled.Storage;
import dev.longtake.runtime.weights.Pickled.View;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a flat state dict that {@code torch.save} wrote, memory-mapped in place.
 *
 * <p>The pickle is interpreted, never executed (see {@link Unpickler}); what it claims about a
 * tensor is checked against the size of the archive entry that holds its elements.
 */
public final class TorchPickleFile implements TensorSource {
  private final MappedFile file;
  private final Map<String, MappedTensor> tensors;

  private TorchPickleFile(MappedFile file, Map<String, MappedTensor> tensors) {
    this.file = file;
    this.tensors = tensors;
  }

  /**
   * Opens a file ({@code .pth}, {@code .bin}) and checks every tensor's bounds; close the result.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if it cannot be read, contradicts itself, or holds
   *     anything but tensors
   */
  public static TorchPickleFile open(Path path) {
    try {
      return open(MappedFile.open(path));
    } catch (IOException e) {
      throw CheckpointFault.unreadable(path, e);
    }
  }

  /** Reads the directory and pickle of a mapped file, which the result then owns. */
  static TorchPickleFile open(MappedFile file) {
    TorchArchive archive = TorchArchive.read(file);
    Pickled root = new Unpickler(archive.pickle(), file.path().toString()).load();
    if (!(root instanceof Dict dict)) {
      throw CheckpointFault.of(
          ("%s holds a %s, but a dict of tensors was expected. Save the model's "
                  + "state_dict() with torch.save.")
              .formatted(file.path(), root.kind()));
    }
    Map<String, MappedTensor> tensors = new LinkedHashMap<>();
    dict.items().forEach((name, value) -> tensors.put(name, tensor(file, archive, name, value)));
    return new TorchPickleFile(file, tensors);
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

  private static MappedTensor tensor(
      MappedFile file, TorchArchive archive, String name, Pickled value) {
    if (value instanceof Dict) {
      throw fault(
          file,
          name,
          "is a dict, but a flat dict of tensors was expected. Save that inner dict by itself with"
              + " torch.save.");
    }
    if (!(value instanceof View view)) {
      throw fault(
          file,
          name,
          "is a %s, but a tensor was expected. Save the model's state_dict() with torch.save."
              .formatted(value.kind()));
    }
    Shape shape = StoredShape.of(view.size().stream().mapToLong(Long::longValue).toArray());
    if (shape == null || view.stride().size() != view.size().size()) {
      throw fault(
          file,
          name,
          ("has shape %s and strides %s, but as many strides as extents, and %s were "
                  + "expected. The file is damaged; download it again.")
              .formatted(
                  CheckpointFault.quote(view.size().toString()),
                  CheckpointFault.quote(view.stride().toString()),
                  StoredShape.RULE));
    }
    Storage storage = view.storage();
    TorchArchive.Entry entry = archive.storage(storage.key());
    if (entry == null || !holds(entry, storage)) {
      throw fault(
          file,
          name,
          ("needs %d elements of %s from entry 'data/%s', but %s. The file is "
                  + "damaged; download it again.")
              .formatted(
                  storage.elements(),
                  storage.dtype(),
                  storage.key(),
                  entry == null
                      ? "there is no such entry"
                      : "it has %d bytes".formatted(entry.sizeBytes())));
    }
    long[] strides = view.stride().stream().mapToLong(Long::longValue).toArray();
    if (!liesWithin(storage.elements(), view.offset(), shape, strides)) {
      throw fault(
          file,
          name,
          ("has shape %s, strides %s and offset %d, which lead out of its storage of "
                  + "%d elements. The file is damaged; download it again.")
              .formatted(shape, view.stride(), view.offset(), storage.elements()));
    }
    long startBytes = entry.startBytes() + view.offset() * storage.dtype().bytes();
    return new MappedTensor(name, file, storage.dtype(), shape, startBytes, strides);
  }

  private static boolean holds(TorchArchive.Entry entry, Storage storage) {
    int elementBytes = storage.dtype().bytes();
    return entry.sizeBytes() % elementBytes == 0
        && entry.sizeBytes() / elementBytes == storage.elements();
  }

  /** Says whether every index leads to one of {@code elements}; nothing overflows. */
  private static boolean liesWithin(long elements, long offset, Shape shape, long[] strides) {
    if (offset < 0 || offset > elements) {
      return false;
    }
    boolean empty = shape.elements() == 0;
    long last = offset;
    for (int i = 0; i < strides.length; i++) {
      if (strides[i] < 0) {
        return false;
      }
      int steps = shape.extent(i) - 1;
      if (empty || steps == 0) {
        continue;
      }
      if (strides[i] > (elements - last) / steps) {
        return false;
      }
      last += strides[i] * steps;
    }
    return empty || last < elements;
  }

  private static LongtakeException fault(MappedFile file, String name, String what) {
    return CheckpointFault.of(
        "Tensor %s of %s %s".formatted(CheckpointFault.quote(name), file.path(), what));
  }
}
