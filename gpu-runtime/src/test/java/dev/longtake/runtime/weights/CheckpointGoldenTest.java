package dev.longtake.runtime.weights;

import static dev.longtake.runtime.weights.SafetensorsBytes.read;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.runtime.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CheckpointGoldenTest {
  private static final Path BUNDLE = Path.of("src/test/resources/golden/small");

  // The limit promised. The official merge rounds to bf16, in which a step is 4e-3 of a value, so
  // that even one of the 16384 weights rounded the other way shows as about 3e-5.
  private static final double MAX_RELATIVE_ERROR = 1e-5;

  private Checkpoint checkpoint;

  @BeforeEach
  void open() throws IOException {
    JsonNode bundle = new ObjectMapper().readTree(BUNDLE.resolve("bundle.json").toFile());
    checkpoint =
        Checkpoint.open(
            BUNDLE.resolve("ckpt"),
            CheckpointSettings.OFFICIAL.withLoraAlpha(bundle.at("/lora/alpha").doubleValue()));
  }

  @AfterEach
  void close() {
    checkpoint.close();
  }

  @Test
  void mergesTheAdapterAsTheOfficialCodeDoes() {
    try (SafetensorsFile golden =
        SafetensorsFile.open(BUNDLE.resolve("golden/lora_merged.safetensors"))) {
      assertThat(golden.names()).hasSize(2);
      for (String name : golden.names()) {
        float[] expected = read(golden.tensor(name));
        float[] actual = read(checkpoint.dit().tensor(name));
        assertThat(relativeError(actual, expected)).as(name).isLessThan(MAX_RELATIVE_ERROR);
      }
    }
  }

  @Test
  void mergeChangesExactlyTheAdaptedWeights() {
    try (TensorSource base = new CheckpointFiles(BUNDLE.resolve("ckpt")).openDit();
        SafetensorsFile lora =
            SafetensorsFile.open(BUNDLE.resolve("ckpt/LiveAvatar/liveavatar.safetensors"))) {
      int changed = 0;
      for (String name : base.names()) {
        boolean adapted =
            lora.names().contains(name.replaceAll("weight$", "lora_A.default.weight"));
        boolean equal = Arrays.equals(read(base.tensor(name)), read(checkpoint.dit().tensor(name)));
        assertThat(equal).as(name).isEqualTo(!adapted);
        changed += equal ? 0 : 1;
      }
      assertThat(changed).isPositive().isEqualTo(lora.names().size() / 2);
    }
  }

  @Test
  void readsEveryTensorOfEveryModel() {
    assertAllFinite(checkpoint.dit(), 114);
    assertAllFinite(checkpoint.vae(), 194);
    assertAllFinite(checkpoint.t5(), 32);
    assertAllFinite(checkpoint.wav2vec2(), 424);
    assertThat(checkpoint.dit().tensor("patch_embedding.weight").dtype()).isEqualTo(DType.BF16);
    assertThat(checkpoint.vae().tensor("conv1.weight").dtype()).isEqualTo(DType.FP32);
    assertThat(checkpoint.t5().tensor("norm.weight").dtype()).isEqualTo(DType.BF16);
    assertThat(checkpoint.ditConfig().get("num_layers").intValue()).isEqualTo(2);
    assertThat(checkpoint.wav2vec2Config().has("hidden_size")).isTrue();
    assertThat(checkpoint.wav2vec2PreprocessorConfig().get("sampling_rate").intValue())
        .isEqualTo(16_000);
  }

  @Test
  void readsWhatTheZipLibraryOfTheJdkReads() throws IOException {
    Path file = BUNDLE.resolve("ckpt/Wan2.2-S2V-14B/models_t5_umt5-xxl-enc-bf16.pth");
    float[] actual = read(checkpoint.t5().tensor("token_embedding.weight"));
    try (ZipFile zip = new ZipFile(file.toFile())) {
      byte[] stored =
          zip.getInputStream(zip.getEntry("models_t5_umt5-xxl-enc-bf16/data/0")).readAllBytes();
      ByteBuffer bytes = ByteBuffer.wrap(stored).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(bytes.remaining()).isEqualTo(2 * actual.length);
      for (float value : actual) {
        assertThat(value).isEqualTo(Float.intBitsToFloat(bytes.getShort() << 16));
      }
    }
  }

  private static void assertAllFinite(TensorSource source, int count) {
    assertThat(source.names()).as(source.description()).hasSize(count);
    for (String name : source.names()) {
      for (float value : read(source.tensor(name))) {
        if (!Float.isFinite(value)) {
          throw new AssertionError(name + " of " + source.description() + " holds " + value);
        }
      }
    }
  }

  /** Returns ‖actual − expected‖/‖expected‖, NaN if either holds one. */
  private static double relativeError(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow((double) actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }
}
