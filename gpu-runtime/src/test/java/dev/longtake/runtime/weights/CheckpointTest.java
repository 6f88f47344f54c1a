package dev.longtake.runtime.weights;

import static dev.longtake.runtime.weights.SafetensorsBytes.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  private static final String WAV2VEC2 = "wav2vec2-large-xlsr-53-english/";

  @TempDir private Path root;

  private Path directory;
  private Path model;

  @BeforeEach
  void makeCheckpoint() throws IOException {
    directory = root.resolve("ckpt");
    model = directory.resolve("Wan2.2-S2V-14B");
    write("config.json", "{\"num_layers\": 1}");
    write("google/umt5-xxl/tokenizer.json", "{}");
    write(WAV2VEC2 + "config.json", "{\"hidden_size\": 8}");
    write(WAV2VEC2 + "preprocessor_config.json", "{\"sampling_rate\": 16000}");
    new SafetensorsBytes()
        .add("blocks.0.ffn.0.weight", new int[] {1, 1}, 1)
        .write(model.resolve("diffusion_pytorch_model.safetensors"));
    torch("Wan2.1_VAE.pth", "vae", 2);
    torch("models_t5_umt5-xxl-enc-bf16.pth", "t5", 3);
    new SafetensorsBytes()
        .add("wav2vec2", new int[] {1}, 4)
        .write(model.resolve(WAV2VEC2 + "model.safetensors"));
    Files.createDirectories(directory.resolve("LiveAvatar"));
    new SafetensorsBytes()
        .add("blocks.0.ffn.0.lora_A.weight", new int[] {1, 1}, 1)
        .add("blocks.0.ffn.0.lora_B.weight", new int[] {1, 1}, 0.5f)
        .write(directory.resolve("LiveAvatar/liveavatar.safetensors"));
  }

  @Test
  void givesEveryPart() {
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(checkpoint.settings()).isEqualTo(CheckpointSettings.OFFICIAL);
      assertThat(checkpoint.ditConfig().get("num_layers").intValue()).isEqualTo(1);
      assertThat(read(checkpoint.dit().tensor("blocks.0.ffn.0.weight"))).containsExactly(33);
      assertThat(read(checkpoint.vae().tensor("vae"))).containsExactly(2);
      assertThat(read(checkpoint.t5().tensor("t5"))).containsExactly(3);
      assertThat(read(checkpoint.wav2vec2().tensor("wav2vec2"))).containsExactly(4);
      assertThat(checkpoint.wav2vec2Config().get("hidden_size").intValue()).isEqualTo(8);
      assertThat(checkpoint.wav2vec2PreprocessorConfig().get("sampling_rate").intValue())
          .isEqualTo(16000);
      assertThat(checkpoint.tokenizerJson()).exists();
      assertThat(checkpoint.vae()).isSameAs(checkpoint.vae());
    }
  }

  @Test
  void mergesWithTheAlphaOfTheSettings() {
    try (Checkpoint checkpoint =
        Checkpoint.open(directory, CheckpointSettings.OFFICIAL.withLoraAlpha(4))) {
      assertThat(read(checkpoint.dit().tensor("blocks.0.ffn.0.weight"))).containsExactly(3);
    }
  }

  @Test
  void mergesNothingWithoutAnAdapter() throws IOException {
    Files.delete(directory.resolve("LiveAvatar/liveavatar.safetensors"));
    assertRejected(() -> use(Checkpoint::dit))
        .hasMessageContaining("liveavatar.safetensors was looked for")
        .hasMessageContaining("holds nothing");
    Files.delete(directory.resolve("LiveAvatar"));
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(read(checkpoint.dit().tensor("blocks.0.ffn.0.weight"))).containsExactly(1);
    }
  }

  @Test
  void readsSpeechEncoderFromAPickle() throws IOException {
    Files.delete(model.resolve(WAV2VEC2 + "model.safetensors"));
    assertRejected(() -> use(Checkpoint::wav2vec2))
        .hasMessageContaining("model.safetensors or pytorch_model.bin")
        .hasMessageContaining("holds config.json, preprocessor_config.json");
    torch(WAV2VEC2 + "pytorch_model.bin", "wav2vec2", 5);
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(read(checkpoint.wav2vec2().tensor("wav2vec2"))).containsExactly(5);
    }
  }

  @Test
  void saysWhatLiesThereInsteadOfAMissingPart() throws IOException {
    assertRejected(() -> Checkpoint.open(root))
        .hasMessageContaining("The directory Wan2.2-S2V-14B was looked for in " + root)
        .hasMessageContaining("holds ckpt");
    assertRejected(() -> Checkpoint.open(root.resolve("none")))
        .hasMessageContaining("there is no directory");
    Files.delete(model.resolve("Wan2.1_VAE.pth"));
    Files.delete(model.resolve("config.json"));
    Files.delete(model.resolve("google/umt5-xxl/tokenizer.json"));
    assertRejected(() -> use(Checkpoint::vae))
        .hasMessageContaining("Wan2.1_VAE.pth was looked for in " + model)
        .hasMessageContaining("models_t5_umt5-xxl-enc-bf16.pth");
    assertRejected(() -> use(Checkpoint::ditConfig)).hasMessageContaining("config.json");
    assertRejected(() -> use(Checkpoint::tokenizerJson)).hasMessageContaining("tokenizer.json");
    // What is there can still be used.
    use(Checkpoint::t5);
  }

  @Test
  void rejectsConfigThatIsNoObject() throws IOException {
    write("config.json", "[1]");
    assertRejected(() -> use(Checkpoint::ditConfig))
        .hasMessageContaining("config.json must be a JSON object");
  }

  @Test
  void closesWhatWasOpened() {
    Checkpoint checkpoint = Checkpoint.open(directory);
    List<StoredTensor> tensors =
        List.of(
            checkpoint.dit().tensor("blocks.0.ffn.0.weight"),
            checkpoint.vae().tensor("vae"),
            checkpoint.wav2vec2().tensor("wav2vec2"));
    checkpoint.close();
    for (StoredTensor tensor : tensors) {
      assertThatThrownBy(() -> read(tensor)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void digestTellsContentsNamesAndSettingsApart() throws IOException {
    String digest = digest(CheckpointSettings.OFFICIAL);
    assertThat(digest).matches("[0-9a-f]{64}").isEqualTo(digest(CheckpointSettings.OFFICIAL));
    assertThat(digest(CheckpointSettings.OFFICIAL.withLoraAlpha(1))).isNotEqualTo(digest);

    write("README.md", "not part of the model");
    assertThat(digest(CheckpointSettings.OFFICIAL)).isEqualTo(digest);

    write("config.json", "{\"num_layers\": 2}");
    String other = digest(CheckpointSettings.OFFICIAL);
    assertThat(other).isNotEqualTo(digest);

    Files.move(
        model.resolve("diffusion_pytorch_model.safetensors"), model.resolve("model.safetensors"));
    assertThat(digest(CheckpointSettings.OFFICIAL)).isNotEqualTo(other);
  }

  @Test
  void digestSamplesLargeFiles() throws IOException {
    Path large = root.resolve("large");
    long sizeBytes = 80L << 20;
    long lastMib = sizeBytes - (1 << 20);
    try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
      file.setLength(sizeBytes); // sparse: takes no space
    }
    String blank = digestOf(large);
    long firstBetweenSamples = (2L << 20) + (200 << 10);
    for (long position : new long[] {0, (1 << 20) - 1, lastMib, sizeBytes - 1}) {
      poke(large, position, 1);
      assertThat(digestOf(large)).as("byte %s", position).isNotEqualTo(blank);
      poke(large, position, 0);
    }
    poke(large, firstBetweenSamples, 1);
    assertThat(digestOf(large)).as("what the documentation says goes unnoticed").isEqualTo(blank);
  }

  private static String digestOf(Path file) {
    return CheckpointDigest.of(file.getParent(), List.of(file), CheckpointSettings.OFFICIAL);
  }

  private static void poke(Path path, long position, int value) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(position);
      file.write(value);
    }
  }

  private String digest(CheckpointSettings settings) {
    try (Checkpoint checkpoint = Checkpoint.open(directory, settings)) {
      return checkpoint.digest();
    }
  }

  private interface Use {
    Object of(Checkpoint checkpoint);
  }

  private void use(Use use) {
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(use.of(checkpoint)).isNotNull();
    }
  }

  private void write(String name, String text) throws IOException {
    Path file = model.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void torch(String name, String tensor, float value) {
    byte[] file =
        TorchBytes.of(PickleBytes.tensor(tensor, "0", 0, new long[] {1}, new long[] {1}, 1))
            .storage("0", value)
            .build();
    SafetensorsBytes.write(model.resolve(name), file);
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRejected(
      ThrowingCallable action) {
    return assertThatThrownBy(action).isInstanceOf(LongtakeException.class);
  }
}
