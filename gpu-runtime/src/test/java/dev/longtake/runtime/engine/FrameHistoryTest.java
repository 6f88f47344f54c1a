package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class FrameHistoryTest {
  private static final int CAPACITY = 3;

  @Test
  void readsTheLastFrames() {
    FrameHistory history = withFrames(5);

    assertThat(read(history, 2)).isEqualTo(level(2));
    assertThat(read(history, 4)).isEqualTo(level(4));
  }

  @Test
  void firstFrameStandsInForThoseBeforeTheTake() {
    assertThat(read(withFrames(2), -7)).isEqualTo(level(0));
  }

  @Test
  void refusesFramesThatAreGoneOrNotThereYet() {
    FrameHistory history = withFrames(5);

    assertThatThrownBy(() -> read(history, 1)).hasMessageContaining("frame 1");
    assertThatThrownBy(() -> read(history, 5)).hasMessageContaining("frame 5");
    assertThatThrownBy(() -> read(history, -1)).hasMessageContaining("frame 0");
  }

  private static FrameHistory withFrames(int frames) {
    FrameHistory history = new FrameHistory(CAPACITY, 1);
    for (int frame = 0; frame < frames; frame++) {
      history.add(ByteBuffer.wrap(new byte[] {(byte) (10 * frame)}));
    }
    return history;
  }

  private static float read(FrameHistory history, long frame) {
    float[] pixel = new float[1];
    history.read(frame, pixel);
    return pixel[0];
  }

  private static float level(int frame) {
    return 10 * frame / 255f * 2f - 1f;
  }
}
