package dev.longtake.transforms.split;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.spi.SpeechEnvelope;
import dev.longtake.pipeline.spi.TakePlanner;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FixedTakePlannerTest {
  private static final SpeechEnvelope SPEECH = new SpeechSketch(145).pause(62, 63).envelope();

  @Test
  void cutsWhereACutBelongsWhateverIsSaid() {
    assertThat(new FixedTakePlanner(60).plan(SPEECH))
        .containsExactly(
            new FrameRange(0, 1500), new FrameRange(1500, 1500), new FrameRange(3000, 625));
  }

  @Test
  void leavesAShortRestWithTheTakeBefore() {
    assertThat(new FixedTakePlanner(60).plan(new SpeechSketch(129.96).envelope()))
        .containsExactly(new FrameRange(0, 1500), new FrameRange(1500, 1749));
    assertThat(new FixedTakePlanner(60).plan(new SpeechSketch(130).envelope()))
        .containsExactly(
            new FrameRange(0, 1500), new FrameRange(1500, 1500), new FrameRange(3000, 250));
  }

  @Test
  void leavesAStrictVideoWhole() {
    assertThat(new WholeTakePlanner().plan(SPEECH)).containsExactly(new FrameRange(0, 3625));
  }

  static Stream<TakePlanner> planners() {
    return Stream.of(new FixedTakePlanner(20), new SilenceTakePlanner(20), new WholeTakePlanner());
  }

  @ParameterizedTest
  @MethodSource("planners")
  void plansAlikeOnAnotherWorker(TakePlanner planner) throws IOException, ClassNotFoundException {
    List<FrameRange> takes = planner.plan(SPEECH);

    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(planner);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(((TakePlanner) in.readObject()).plan(SPEECH)).isEqualTo(takes);
    }
  }
}
