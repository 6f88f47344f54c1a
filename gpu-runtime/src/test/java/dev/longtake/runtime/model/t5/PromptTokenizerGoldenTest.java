package dev.longtake.runtime.model.t5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.weights.SafetensorsFile;
import dev.longtake.runtime.weights.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptTokenizerGoldenTest {
  private static final Path BUNDLE = Path.of("src/test/resources/golden/small");
  private static final Path CHECKPOINT = BUNDLE.resolve("ckpt/Wan2.2-S2V-14B");
  private static final Path TOKENIZER = CHECKPOINT.resolve("google/umt5-xxl/tokenizer.json");

  @Test
  void givesTheOfficialTokens() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    int textLength =
        mapper.readTree(CHECKPOINT.resolve("config.json").toFile()).get("text_len").intValue();
    JsonNode prompts = mapper.readTree(BUNDLE.resolve("golden/prompts.json").toFile());
    assertThat(prompts).isNotEmpty();
    try (SafetensorsFile golden = SafetensorsFile.open(BUNDLE.resolve("golden/t5.safetensors"));
        PromptTokenizer tokenizer = PromptTokenizer.open(TOKENIZER, textLength)) {
      for (int i = 0; i < prompts.size(); i++) {
        int[] expected = tokens(golden, i, textLength);
        assertThat(tokenizer.encode(PromptText.official(prompts.get(i).textValue())))
            .as("prompt %s", i)
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void cutsLongPromptsBeforeTheEndToken() {
    String prompt = "a person speaks to the camera in a bright studio";
    try (PromptTokenizer whole = PromptTokenizer.open(TOKENIZER, 64);
        PromptTokenizer cut = PromptTokenizer.open(TOKENIZER, 5)) {
      int[] all = whole.encode(prompt);
      int[] expected = Arrays.copyOf(all, 5);
      expected[4] = all[all.length - 1];
      assertThat(all).hasSizeGreaterThan(5);
      assertThat(cut.encode(prompt)).isEqualTo(expected);
    }
  }

  @Test
  void namesAMissingFile() {
    assertThatThrownBy(() -> PromptTokenizer.open(Path.of("missing.json"), 64))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
        .hasMessageContaining("missing.json does not exist");
  }

  @Test
  void refusesWhatIsNoTokenizer(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": 1}");
    assertThatThrownBy(() -> PromptTokenizer.open(file, 64))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
        .hasMessageContaining("tokenizer.json cannot be read");
  }

  /** Reads the real tokens of one prompt, which the mask counts. */
  static int[] tokens(SafetensorsFile golden, int prompt, int textLength) {
    int count = 0;
    for (float mask : row(golden.tensor("mask"), prompt, textLength)) {
      count += (int) mask;
    }
    float[] ids = row(golden.tensor("ids"), prompt, textLength);
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = (int) ids[i];
    }
    return tokens;
  }

  private static float[] row(StoredTensor tensor, int index, int width) {
    float[] row = new float[width];
    tensor.read((long) index * width, row, 0, width);
    return row;
  }
}
