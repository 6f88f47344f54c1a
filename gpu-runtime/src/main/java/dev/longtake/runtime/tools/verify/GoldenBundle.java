package dev.longtake.runtime.tools.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.weights.Checkpoint;
import dev.longtake.runtime.weights.CheckpointSettings;
import dev.longtake.runtime.weights.SafetensorsFile;
import dev.longtake.runtime.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * A folder with a tiny checkpoint, inputs, and what the official modules compute from them.
 *
 * @param directory holds {@code bundle.json}, {@code ckpt/} and {@code golden/}
 */
record GoldenBundle(Path directory, JsonNode description) {
  /**
   * Opens a bundle.
   *
   * @throws LongtakeException INVALID_CONFIG if the folder is none
   */
  static GoldenBundle open(Path directory) {
    Path description = directory.resolve("bundle.json");
    if (!Files.isRegularFile(description)) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          "%s is no golden bundle: it has no bundle.json. Name the folder that holds bundle.json, "
                  .formatted(directory)
              + "ckpt/ and golden/.");
    }
    return new GoldenBundle(directory, readJson(description));
  }

  Path checkpointDirectory() {
    return directory.resolve("ckpt");
  }

  /** Opens the checkpoint with the adapter's strength that the bundle was made with. */
  Checkpoint openCheckpoint() {
    double alpha = description.path("lora").path("alpha").asDouble();
    return Checkpoint.open(
        checkpointDirectory(), CheckpointSettings.read(checkpointDirectory()).withLoraAlpha(alpha));
  }

  Path file(String name) {
    return directory.resolve("golden").resolve(name);
  }

  JsonNode json(String name) {
    return readJson(file(name));
  }

  /** Returns which tensors a file of {@code golden/} has. */
  Set<String> names(String file) {
    try (SafetensorsFile tensors = SafetensorsFile.open(file(file))) {
      return Set.copyOf(tensors.names());
    }
  }

  /** Reads a tensor of a file of {@code golden/}; integers are read as numbers too. */
  HostValues values(String file, String name) {
    try (SafetensorsFile tensors = SafetensorsFile.open(file(file))) {
      StoredTensor stored = tensors.tensor(name);
      float[] values = new float[Math.toIntExact(stored.shape().elements())];
      stored.read(0, values, 0, values.length);
      return new HostValues(values, stored.shape().toArray());
    }
  }

  /**
   * Reads a tensor and reorders it from [C, T, H, W] to [T, H, W, C]; a leading batch of 1 goes.
   */
  HostValues channelsLast(String file, String name) {
    return channelsLast(values(file, name));
  }

  static HostValues channelsLast(HostValues tensor) {
    int[] shape = tensor.shape();
    int first = shape.length - 4;
    int channels = shape[first];
    int cells = shape[first + 1] * shape[first + 2] * shape[first + 3];
    float[] from = tensor.values();
    float[] to = new float[from.length];
    for (int channel = 0; channel < channels; channel++) {
      for (int cell = 0; cell < cells; cell++) {
        to[cell * channels + channel] = from[channel * cells + cell];
      }
    }
    return new HostValues(to, shape[first + 1], shape[first + 2], shape[first + 3], channels);
  }

  private static JsonNode readJson(Path file) {
    try {
      return new ObjectMapper().readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG, file + " is no JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG, file + " cannot be read: " + e.getMessage(), e);
    }
  }
}
