package dev.longtake.pipeline.testing;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The objects of a server by {@code <bucket>/<name>}, and how many generations each has had. */
public final class GcsObjectTable {
  private final Map<String, StoredObject> objects = new TreeMap<>();
  private final Map<String, Integer> written = new HashMap<>();
  private long generations;

  GcsObjectTable() {}

  /** Returns an object as it is now. */
  public synchronized Optional<StoredObject> find(String name) {
    return Optional.ofNullable(objects.get(name));
  }

  synchronized Optional<StoredObject> find(String name, long generation) {
    return find(name).filter(object -> object.generation() == generation);
  }

  /** Writes an object, whatever is there. */
  public synchronized void put(String name, byte[] bytes) {
    put(name, bytes, null);
  }

  /** Writes an object, if its generation is the one said: 0 for none, null for any. */
  synchronized Optional<StoredObject> put(
      String name, byte[] bytes, @Nullable Long ifGenerationMatch) {
    long present = find(name).map(StoredObject::generation).orElse(0L);
    if (ifGenerationMatch != null && ifGenerationMatch != present) {
      return Optional.empty();
    }
    generations++;
    StoredObject object = new StoredObject(generations, bytes);
    objects.put(name, object);
    written.merge(name, 1, Integer::sum);
    return Optional.of(object);
  }

  /** Removes an object, and returns whether it was there. */
  public synchronized boolean remove(String name) {
    return objects.remove(name) != null;
  }

  /** Returns how often an object was written. */
  public synchronized int timesWritten(String name) {
    return written.getOrDefault(name, 0);
  }

  /** Returns the names of the objects below a prefix, without it. */
  public synchronized Collection<String> below(String prefix) {
    return objects.keySet().stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .toList();
  }
}
