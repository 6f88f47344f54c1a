package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.testing.FaultyEngineProvider;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an engine leaves behind when its device breaks down, at whatever moment. */
class BrokenDeviceTest {
  private static final EngineConfig CONFIG =
      EngineConfig.onCpu("src/test/resources/golden/small/ckpt", 64, 64, 1);

  @ParameterizedTest
  @ValueSource(longs = {0, 10, 100, 1000, 3000})
  void saysWhatBrokeAndGivesAllMemoryBack(long operations) {
    FaultyEngineProvider provider = new FaultyEngineProvider(operations);
    AvatarEngine engine = provider.open(CONFIG);

    LongtakeException failure =
        catchThrowableOfType(LongtakeException.class, () -> renderTwoClips(engine));

    assertThat(failure.code()).isEqualTo(ErrorCode.DEVICE_FAULT);
    assertThat(failure).hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS");
    assertThat(provider.blocksReserved()).isPositive();
    assertThatIllegalStateException().isThrownBy(engine::close); // its operations cannot be
    assertThat(provider.blocksReserved()).isZero();
  }

  private static void renderTwoClips(AvatarEngine engine) {
    TakeSpec spec =
        TakeSpec.first(
            engine.encodePrompt("Somebody speaks."),
            engine.encodePicture(new Picture(64, 64, new byte[64 * 64 * Picture.COLOURS])),
            engine.encodeAudio(new float[4 * 16_000], 0),
            1);
    try (TakeSession take = engine.open(spec)) {
      take.renderClip((frame, rgb) -> {});
      take.renderClip((frame, rgb) -> {});
    }
  }
}
