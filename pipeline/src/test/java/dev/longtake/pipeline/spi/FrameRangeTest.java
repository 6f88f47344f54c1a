package dev.longtake.pipeline.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameRangeTest {
  @Test
  void endsAfterItsLastFrame() {
    assertThat(new FrameRange(10, 5).end()).isEqualTo(15);
  }

  @ParameterizedTest
  @CsvSource({"-1, 1", "0, 0", "3, -2"})
  void refusesWhatIsNoRange(int first, int count) {
    assertThatThrownBy(() -> new FrameRange(first, count))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesToEndBeyondAnInt() {
    assertThatThrownBy(() -> new FrameRange(Integer.MAX_VALUE, 1))
        .isInstanceOf(ArithmeticException.class);
  }

  @Test
  void acceptsRangesThatMakeUpTheVideo() {
    assertThatCode(
            () ->
                FrameRange.requirePartition(
                    List.of(new FrameRange(0, 5), new FrameRange(5, 1), new FrameRange(6, 4)), 10))
        .doesNotThrowAnyException();
  }

  @Test
  void namesTheFirstRangeAtFault() {
    List<FrameRange> gap = List.of(new FrameRange(0, 5), new FrameRange(6, 4));
    List<FrameRange> overlap = List.of(new FrameRange(0, 5), new FrameRange(4, 6));
    List<FrameRange> late = List.of(new FrameRange(1, 9));

    assertThatThrownBy(() -> FrameRange.requirePartition(gap, 10))
        .hasMessage("Range 1 must begin with frame 5, but was FrameRange[first=6, count=4]");
    assertThatThrownBy(() -> FrameRange.requirePartition(overlap, 10))
        .hasMessageContaining("Range 1");
    assertThatThrownBy(() -> FrameRange.requirePartition(late, 10)).hasMessageContaining("Range 0");
  }

  @Test
  void refusesRangesThatEndElsewhere() {
    List<FrameRange> nine = List.of(new FrameRange(0, 9));

    assertThatThrownBy(() -> FrameRange.requirePartition(nine, 10))
        .hasMessage("Ranges must cover 10 frames, but cover 9");
    assertThatThrownBy(() -> FrameRange.requirePartition(nine, 8)).hasMessageContaining("cover 9");
    assertThatThrownBy(() -> FrameRange.requirePartition(List.of(), 1))
        .hasMessageContaining("cover 0");
  }
}
