package dev.longtake.runtime.weights;

import com.google.common.io.Closer;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The tensors of several safetensors files of one directory, as an index deals them out. */
public final class ShardedSource implements TensorSource {
  private static final String SUFFIX = ".safetensors";
  private static final String INDEX_SUFFIX = SUFFIX + ".index.json";

  private final CheckpointIndex index;
  private final Closer closer;
  private final Map<String, SafetensorsFile> shards;

  private ShardedSource(CheckpointIndex index, Closer closer, Map<String, SafetensorsFile> shards) {
    this.index = index;
    this.closer = closer;
    this.shards = shards;
  }

  /**
   * Opens a model that is stored either in shards with an index or in a single file; close the
   * result.
   *
   * @param stems what the file names may begin with, before {@code .safetensors} or {@code
   *     .safetensors.index.json}; the first that is there is taken
   * @throws LongtakeException INVALID_CHECKPOINT if nothing is there, or what is there is damaged
   */
  public static TensorSource open(Path directory, List<String> stems) {
    Path found = find(directory, stems);
    return found.toString().endsWith(INDEX_SUFFIX)
        ? open(CheckpointIndex.read(found))
        : SafetensorsFile.open(found);
  }

  /** Returns the files that {@link #open(Path, List)} would open, the index among them. */
  static List<Path> files(Path directory, List<String> stems) {
    Path found = find(directory, stems);
    if (!found.toString().endsWith(INDEX_SUFFIX)) {
      return List.of(found);
    }
    List<Path> files = new ArrayList<>(List.of(found));
    CheckpointIndex.read(found)
        .shardNames()
        .forEach(shardName -> files.add(found.resolveSibling(shardName)));
    return files;
  }

  private static Path find(Path directory, List<String> stems) {
    List<String> candidates = new ArrayList<>();
    for (String stem : stems) {
      candidates.add(stem + INDEX_SUFFIX);
      candidates.add(stem + SUFFIX);
    }
    return candidates.stream()
        .map(directory::resolve)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseThrow(() -> CheckpointFault.missing(directory, String.join(" or ", candidates)));
  }

  /**
   * Opens all shards of an index; close the result.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if a shard is missing or damaged, a tensor is not
   *     where the index says, or a tensor is in two shards
   */
  static ShardedSource open(CheckpointIndex index) {
    ShardedSource source = new ShardedSource(index, Closer.create(), new LinkedHashMap<>());
    try {
      source.openShards();
      return source;
    } catch (LongtakeException e) {
      source.close();
      throw e;
    }
  }

  @Override
  public Set<String> names() {
    return Collections.unmodifiableSet(shards.keySet());
  }

  @Override
  public StoredTensor tensor(String name) {
    SafetensorsFile shard = shards.get(name);
    if (shard == null) {
      throw CheckpointFault.noSuchTensor(name, shards.keySet(), description());
    }
    return shard.tensor(name);
  }

  @Override
  public String description() {
    return "the %d files of %s".formatted(index.shardNames().size(), index.file());
  }

  @Override
  public void close() {
    try {
      closer.close();
    } catch (IOException e) {
      throw new UncheckedIOException("closing " + description(), e);
    }
  }

  private void openShards() {
    for (String shardName : index.shardNames()) {
      SafetensorsFile shard = SafetensorsFile.open(shardPath(shardName));
      closer.register(shard::close);
      for (String name : shard.names()) {
        SafetensorsFile earlier = shards.putIfAbsent(name, shard);
        if (earlier != null) {
          throw CheckpointFault.of(
              ("Tensor %s is in %s and in %s, but must be in one shard only. Delete "
                      + "the shard that does not belong to %s.")
                  .formatted(
                      CheckpointFault.quote(name),
                      earlier.description(),
                      shard.description(),
                      index.file()));
        }
      }
    }
    index.shards().forEach(this::requireInShard);
  }

  private Path shardPath(String shardName) {
    Path shard = index.file().resolveSibling(shardName);
    if (!Files.exists(shard)) {
      throw CheckpointFault.missing(
          index.file().toAbsolutePath().getParent(),
          "%s, one of the %d shards that %s names,"
              .formatted(shardName, index.shardNames().size(), index.file().getFileName()));
    }
    return shard;
  }

  private void requireInShard(String name, String shardName) {
    SafetensorsFile shard = shards.get(name);
    Path expected = index.file().resolveSibling(shardName);
    if (shard == null || !shard.description().equals(expected.toString())) {
      throw CheckpointFault.of(
          ("%s says that tensor %s is in %s, but it is %s. Download both files again; "
                  + "they are of different versions.")
              .formatted(
                  index.file(),
                  CheckpointFault.quote(name),
                  expected,
                  shard == null ? "in no shard" : "in " + shard.description()));
    }
  }
}
