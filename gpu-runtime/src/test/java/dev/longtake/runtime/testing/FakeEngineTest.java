package dev.longtake.runtime.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What other modules' tests rely on. */
class FakeEngineTest {
  private static final int SIDE = 128;
  private static final EngineConfig CONFIG = EngineConfig.onCpu("fake", SIDE, SIDE, 1);

  private final FakeEngineProvider provider = new FakeEngineProvider();
  private final AvatarEngine engine = provider.open(CONFIG);

  @Test
  void firstClipIsThreeFramesShorter() {
    List<Integer> indices = new ArrayList<>();
    try (TakeSession take = engine.open(spec("p", 1, sound(0.3, 80), 5, 0))) {
      take.renderClip((frame, rgb) -> indices.add(frame));
      assertThat(take.frames()).isEqualTo(45);
      take.renderClip((frame, rgb) -> indices.add(frame));
      assertThat(take.frames()).isEqualTo(93);
    }
    assertThat(indices).hasSize(93).startsWith(0, 1).endsWith(92);
  }

  @Test
  void equalTakesHaveEqualFrames() {
    assertThat(frames(spec("p", 1, sound(0.3, 80), 5, 0)))
        .isEqualTo(frames(spec("p", 1, sound(0.3, 80), 5, 0)));
  }

  @Test
  void everyCauseChangesTheFirstFrame() {
    TakeSpec spec = spec("p", 1, sound(0.3, 80), 5, 0);
    TakeState moved = new TakeState(FakeAvatarEngine.motion(77), true);
    ByteBuffer first = frames(spec).get(0);

    assertThat(
            List.of(
                spec("q", 1, sound(0.3, 80), 5, 0),
                spec("p", 2, sound(0.3, 80), 5, 0),
                spec("p", 1, sound(0.4, 80), 5, 0),
                spec("p", 1, sound(0.3, 80), 6, 0),
                spec("p", 1, sound(0.3, 80), 5, 1),
                new TakeSpec(spec.prompt(), spec.picture(), spec.audio(), moved, 5, 0)))
        .allSatisfy(other -> assertThat(frames(other).get(0)).isNotEqualTo(first));
  }

  @Test
  void soundChangesItsFrameAndThoseAfterItAlone() {
    float[] changed = sound(0.3, 80);
    changed[640 * 40] += 0.1f;
    List<ByteBuffer> before = frames(spec("p", 1, sound(0.3, 80), 5, 0));
    List<ByteBuffer> after = frames(spec("p", 1, changed, 5, 0));

    assertThat(after.subList(0, 37)).isEqualTo(before.subList(0, 37)); // three are dropped
    for (int frame = 37; frame < 93; frame++) {
      assertThat(after.get(frame)).as("frame %s", frame).isNotEqualTo(before.get(frame));
    }
  }

  @Test
  void framesShowHowLoudTheirSoundIs() {
    float[] sound = new float[640 * 80];
    for (int i = 0; i < 640; i++) {
      sound[640 * 20 + i] = 0.25f;
    }
    List<ByteBuffer> frames = frames(spec("p", 1, sound, 5, 0));

    assertThat(FakeFrames.loudness(frames.get(16), SIDE)).isZero();
    assertThat(FakeFrames.loudness(frames.get(17), SIDE)).isEqualTo(0.5);
    assertThat(FakeFrames.loudness(frames.get(18), SIDE)).isZero();
  }

  @Test
  void stateIsThatOfTheLastKeptFrame() {
    try (TakeSession take = engine.open(spec("p", 1, sound(0.3, 80), 5, 0))) {
      take.renderClip((frame, rgb) -> {});
      TakeState end = take.state(45);
      take.renderClip((frame, rgb) -> {});

      assertThat(take.state(45)).isEqualTo(end);
      assertThat(end.moving()).isTrue();
      assertThat(take.state(60)).isNotEqualTo(take.state(61));
      assertThatIllegalArgumentException().isThrownBy(() -> take.state(44));
      assertThatIllegalArgumentException().isThrownBy(() -> take.state(94));
    }
  }

  @Test
  void countsAndFailsWhereAsked() {
    provider.failAtClip(2, () -> new InvalidRequestException("second"));
    try (TakeSession take = engine.open(spec("p", 1, sound(0.3, 80), 5, 3))) {
      take.renderClip((frame, rgb) -> {});
      assertThatExceptionOfType(InvalidRequestException.class)
          .isThrownBy(() -> take.renderClip((frame, rgb) -> {}))
          .withMessage("second");
    }
    assertThat(provider.clips())
        .containsExactly(
            new FakeEngineProvider.GeneratedClip("p", 3, 0, 1),
            new FakeEngineProvider.GeneratedClip("p", 3, 1, 2));
    assertThat(provider.takes()).hasSize(1);
  }

  @Test
  void refusesTooLittleSound() {
    assertThatExceptionOfType(InvalidRequestException.class)
        .isThrownBy(() -> engine.encodeAudio(new float[719], 3));
  }

  @Test
  void refusesMoreTakesThanLanesAndToCloseWhileOneIsOpen() {
    TakeSession take = engine.open(spec("p", 1, sound(0.3, 80), 5, 0));

    assertThatIllegalStateException()
        .isThrownBy(() -> engine.open(spec("p", 1, sound(0.3, 80), 5, 0)));
    assertThatIllegalStateException().isThrownBy(engine::close);
    take.close();
    take.close();
    engine.close();
    assertThat(provider.enginesOpen()).isZero();
    assertThatIllegalStateException().isThrownBy(() -> engine.encodePrompt("p"));
  }

  private TakeSpec spec(String prompt, int picture, float[] sound, long seed, int take) {
    HostValues text = engine.encodePrompt(prompt);
    PictureLatents latents =
        engine.encodePicture(new Picture(1, 1, new byte[] {(byte) picture, 0, 0}));
    return new TakeSpec(text, latents, engine.encodeAudio(sound, 0), latents.still(), seed, take);
  }

  private List<ByteBuffer> frames(TakeSpec spec) {
    List<ByteBuffer> frames = new ArrayList<>();
    try (TakeSession take = engine.open(spec)) {
      for (int clip = 0; clip < 2; clip++) {
        take.renderClip(
            (frame, rgb) -> frames.add(ByteBuffer.allocate(rgb.remaining()).put(rgb).flip()));
      }
    }
    return frames;
  }

  private static float[] sound(double amplitude, int frames) {
    float[] sound = new float[640 * frames];
    for (int i = 0; i < sound.length; i++) {
      sound[i] = (float) (amplitude * Math.sin(0.05 * i));
    }
    return sound;
  }
}
