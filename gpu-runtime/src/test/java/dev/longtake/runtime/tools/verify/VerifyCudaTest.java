package dev.longtake.runtime.tools.verify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.DeviceChoice;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("gpu")
class VerifyCudaTest {
  private static final Path SMALL = Path.of("src/test/resources/golden/small");

  @ParameterizedTest
  @EnumSource(names = {"BF16", "FP8"})
  void computesWhatTheOfficialCodeComputes(Precision precision) {
    GoldenBundle bundle = GoldenBundle.open(SMALL);
    StringWriter text = new StringWriter();
    CaseLog log = new CaseLog(new PrintWriter(text), Limits.of(bundle, precision));

    VerifyCommand.verify(bundle, DeviceChoice.of("cuda", precision, Precision.BF16), 2, log);

    assertThat(text.toString().lines()).noneMatch(line -> line.startsWith("FAIL"));
    assertThat(log.passed()).isPositive();
  }
}
