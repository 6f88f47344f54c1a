package dev.longtake.runtime.weights;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the parts of a checkpoint are, by their official names.
 *
 * @param directory holds {@code Wan2.2-S2V-14B/} and, with an adapter, {@code LiveAvatar/}
 */
record CheckpointFiles(Path directory) {
  private static final String MODEL = "Wan2.2-S2V-14B";
  private static final String ADAPTER = "LiveAvatar";
  private static final String WAV2VEC2 = "wav2vec2-large-xlsr-53-english";
  private static final List<String> DIT_STEMS = List.of("diffusion_pytorch_model", "model");
  private static final List<String> WAV2VEC2_FILES =
      List.of("model.safetensors", "pytorch_model.bin");

  Path ditDirectory() {
    return requireDirectory(directory, MODEL);
  }

  TensorSource openDit() {
    return ShardedSource.open(ditDirectory(), DIT_STEMS);
  }

  Path ditConfig() {
    return requireFile(ditDirectory(), "config.json");
  }

  Path vae() {
    return requireFile(ditDirectory(), "Wan2.1_VAE.pth");
  }

  Path t5() {
    return requireFile(ditDirectory(), "models_t5_umt5-xxl-enc-bf16.pth");
  }

  Path tokenizer() {
    Path google = requireDirectory(ditDirectory(), "google");
    return requireFile(requireDirectory(google, "umt5-xxl"), "tokenizer.json");
  }

  Path wav2vec2Config() {
    return requireFile(wav2vec2Directory(), "config.json");
  }

  Path wav2vec2PreprocessorConfig() {
    return requireFile(wav2vec2Directory(), "preprocessor_config.json");
  }

  /** Returns the safetensors file, or the pickle if there is no such file. */
  Path wav2vec2() {
    Path parent = wav2vec2Directory();
    for (String name : WAV2VEC2_FILES) {
      if (Files.isRegularFile(parent.resolve(name))) {
        return parent.resolve(name);
      }
    }
    throw CheckpointFault.missing(parent, String.join(" or ", WAV2VEC2_FILES));
  }

  /** Says whether there is a directory for an adapter. */
  boolean hasLora() {
    return Files.isDirectory(directory.resolve(ADAPTER));
  }

  Path lora() {
    return requireFile(requireDirectory(directory, ADAPTER), "liveavatar.safetensors");
  }

  /** Returns every file that tensors or settings of the models are read from. */
  List<Path> all() {
    List<Path> files =
        new ArrayList<>(
            List.of(
                ditConfig(),
                vae(),
                t5(),
                tokenizer(),
                wav2vec2Config(),
                wav2vec2PreprocessorConfig(),
                wav2vec2()));
    files.addAll(ShardedSource.files(ditDirectory(), DIT_STEMS));
    if (hasLora()) {
      files.add(lora());
    }
    return files;
  }

  private Path wav2vec2Directory() {
    return requireDirectory(ditDirectory(), WAV2VEC2);
  }

  private static Path requireDirectory(Path parent, String name) {
    if (!Files.isDirectory(parent.resolve(name))) {
      throw CheckpointFault.missing(parent, "The directory " + name);
    }
    return parent.resolve(name);
  }

  private static Path requireFile(Path parent, String name) {
    if (!Files.isRegularFile(parent.resolve(name))) {
      throw CheckpointFault.missing(parent, name);
    }
    return parent.resolve(name);
  }
}
