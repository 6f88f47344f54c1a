package dev.longtake.runtime.testing;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.FrameSink;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import java.nio.ByteBuffer;

/** A take that a {@link FakeAvatarEngine} draws. */
final class FakeTakeSession implements TakeSession {
  private static final int SOUND = 5; // bar of the frame's own sound
  private static final int POSITION = 6; // bar of the frame's position
  private static final int HISTORY = 7; // bar of all that came before

  private final FakeAvatarEngine engine;
  private final FakeEngineProvider provider;
  private final TakeSpec spec;
  private final String prompt;
  private final long[] causes;
  private final long[] histories; // of the last frames
  private final ByteBuffer rgb;
  private int clip;
  private int frames;
  private boolean closed;

  FakeTakeSession(FakeAvatarEngine engine, FakeEngineProvider provider, TakeSpec spec) {
    this.engine = engine;
    this.provider = provider;
    this.spec = spec;
    this.prompt = FakeAvatarEngine.promptOf(spec.prompt());
    this.causes =
        new long[] {
          code(spec.prompt()),
          code(spec.picture().reference()),
          spec.seed(),
          spec.take(),
          FakeFrames.mix(spec.start().moving() ? 1 : 0, code(spec.start().motion())),
          0,
          0,
          0
        };
    for (int i = 0; i < SOUND; i++) {
      causes[HISTORY] = FakeFrames.mix(causes[HISTORY], causes[i]);
    }
    EngineConfig config = engine.config();
    this.histories = new long[2 * config.clipFrames()];
    this.rgb = ByteBuffer.allocate(config.height() * config.width() * Picture.COLOURS);
  }

  @Override
  public void renderClip(FrameSink sink) {
    checkState(!closed, "the take is closed");
    provider.clipBegins(prompt, spec.take(), clip);
    EngineConfig config = engine.config();
    int end = (clip + 1) * config.clipFrames();
    int first = clip == 0 ? FakeAvatarEngine.DROPPED_FRAMES : clip * config.clipFrames();
    for (int row = first; row < end; row++) {
      boolean isHeard = row < spec.audio().extent(0);
      float[] audio = spec.audio().values();
      int from = row * FakeAvatarEngine.AUDIO_WIDTH;
      causes[SOUND] =
          isHeard ? FakeFrames.mix(0, audio, from, from + FakeAvatarEngine.AUDIO_WIDTH) : 0;
      causes[POSITION] = frames;
      causes[HISTORY] = FakeFrames.mix(causes[HISTORY], causes[SOUND]);
      histories[frames % histories.length] = causes[HISTORY];
      FakeFrames.draw(rgb, config.height(), config.width(), causes, isHeard ? audio[from] : 0);
      sink.accept(frames, rgb.clear().asReadOnlyBuffer());
      frames++;
    }
    clip++;
  }

  @Override
  public int frames() {
    return frames;
  }

  @Override
  public TakeState state(int keptFrames) {
    checkState(!closed, "the take is closed");
    checkArgument(
        keptFrames > 0
            && keptFrames <= frames
            && keptFrames >= frames - engine.config().clipFrames(),
        "keptFrames must end the take within its last clip, but was %s of %s",
        keptFrames,
        frames);
    TakeState state =
        new TakeState(
            FakeAvatarEngine.motion(histories[(keptFrames - 1) % histories.length]), true);
    provider.takeEnds(new FakeEngineProvider.EndedTake(prompt, spec.take(), keptFrames, state));
    return state;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      engine.takeClosed();
    }
  }

  private static long code(HostValues values) {
    return FakeFrames.mix(0, values.values(), 0, values.values().length);
  }
}
