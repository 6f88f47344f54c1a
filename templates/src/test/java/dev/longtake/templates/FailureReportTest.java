package dev.longtake.templates;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;

class FailureReportTest {
  private final StringWriter err = new StringWriter();
  private final FailureReport failureReport =
      new FailureReport(new PrintWriter(err, true), () -> false);

  @Test
  void illegalArgumentsAreRefused() {
    assertThat(failureReport.report(new IllegalArgumentException("odd width"))).isEqualTo(2);
    assertThat(err.toString()).isEqualToNormalizingNewlines("longtake: odd width\n");
  }

  @Test
  void theEnginesExceptionIsRefused() {
    assertThat(failureReport.report(new LongtakeException())).isEqualTo(2);
  }

  @Test
  void aSubclassOfTheEnginesExceptionIsRefused() {
    assertThat(failureReport.report(new InvalidRequestException())).isEqualTo(2);
  }

  @Test
  void anInterruptIsReportedAsTheShellDoes() {
    assertThat(failureReport.report(new InterruptedException())).isEqualTo(130);
  }

  @Test
  void anythingElseIsAFailure() {
    assertThat(failureReport.report(new UncheckedIOException(new IOException("disk")))).isOne();
  }

  @Test
  void aFailureWithoutAMessageIsNamedByItsClass() {
    failureReport.report(new IllegalStateException());

    assertThat(err.toString())
        .isEqualToNormalizingNewlines("longtake: java.lang.IllegalStateException\n");
  }

  private static class LongtakeException extends RuntimeException {}

  private static final class InvalidRequestException extends LongtakeException {}
}
