package dev.longtake.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.LongtakeException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Says which file of a directory holds each tensor: {@code *.safetensors.index.json}.
 *
 * @param file where the index is
 * @param shards file name of every tensor's shard, by tensor name; all beside the index
 */
record CheckpointIndex(Path file, Map<String, String> shards) {
  // No separator, so nothing outside of the directory can be named.
  private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9._-]+\\.safetensors");

  /**
   * Reads an index.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if it is malformed, empty, or names a file outside
   *     of its directory
   */
  static CheckpointIndex read(Path file) {
    JsonNode weightMap = StrictJson.readObject(file).get("weight_map");
    if (weightMap == null || !weightMap.isObject() || weightMap.isEmpty()) {
      throw CheckpointFault.of(
          ("%s must have an object 'weight_map' of tensor names and file names, but "
                  + "has none. Download it again.")
              .formatted(file));
    }
    Map<String, String> shards = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : weightMap.properties()) {
      JsonNode shard = entry.getValue();
      if (!shard.isTextual() || !isFileName(shard.textValue())) {
        throw CheckpointFault.of(
            ("%s says that tensor %s is in %s, but the name of a .safetensors file "
                    + "beside the index was expected. Download the index again.")
                .formatted(
                    file,
                    CheckpointFault.quote(entry.getKey()),
                    CheckpointFault.quote(shard.toString())));
      }
      shards.put(entry.getKey(), shard.textValue());
    }
    return new CheckpointIndex(file, shards);
  }

  /** Returns the names of all shards in alphabetical order. */
  Set<String> shardNames() {
    return new TreeSet<>(shards.values());
  }

  private static boolean isFileName(String text) {
    return FILE_NAME.matcher(text).matches();
  }
}
