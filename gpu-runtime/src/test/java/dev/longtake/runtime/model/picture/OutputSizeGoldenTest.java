package dev.longtake.runtime.model.picture;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OutputSizeGoldenTest {
  private static final Path SIZES = Path.of("src/test/resources/golden/small/golden/sizes.json");

  @Test
  void givesTheOfficialSizes() throws IOException {
    JsonNode cases = new ObjectMapper().readTree(SIZES.toFile());
    assertThat(cases).isNotEmpty();
    for (JsonNode golden : cases) {
      OutputSize size =
          OutputSize.forPicture(
              golden.get("height").intValue(),
              golden.get("width").intValue(),
              golden.get("area").longValue());
      JsonNode expected = golden.get("result");
      assertThat(size)
          .as("%s", golden)
          .isEqualTo(new OutputSize(expected.get(0).intValue(), expected.get(1).intValue()));
    }
  }
}
