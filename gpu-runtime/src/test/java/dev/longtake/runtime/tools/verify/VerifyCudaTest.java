package dev.longtake.runtime.tools.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.DeviceChoice;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("gpu")
class VerifyCudaTest {
  private static final Path SMALL = Path.of("src/test/resources/golden/small");

  @ParameterizedTest
  @CsvSource({"BF16, BF16", "FP8, BF16", "FP8, FP8", "BF16, FP8"})
  void computesWhatTheOfficialCodeComputes(Precision precision, Precision kvPrecision) {
    GoldenBundle bundle = GoldenBundle.open(SMALL);
    StringWriter text = new StringWriter();
    CaseLog log = new CaseLog(new PrintWriter(text), Limits.of(bundle, precision, kvPrecision));

    VerifyCommand.verify(bundle, DeviceChoice.of("cuda", precision, kvPrecision), 2, log);

    assertThat(text.toString().lines()).noneMatch(line -> line.startsWith("FAIL"));
    assertThat(log.passed()).isPositive();
  }
}
