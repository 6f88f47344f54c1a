package dev.longtake.runtime.testing;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import java.util.Arrays;
import java.util.List;

/**
 * An engine that draws {@link FakeFrames} instead of computing a model. Whatever must decide a
 * frame decides it, and nothing else: prompt, picture, the speech up to it, seed, index of the
 * take, position, and what the take started from.
 *
 * <p>Stricter than the contract: it has no patience with whoever begins more takes than there are
 * lanes.
 */
final class FakeAvatarEngine implements AvatarEngine {
  /** Video frames that are dropped at the start of a take. */
  static final int DROPPED_FRAMES = 3;

  /** Values of a row of audio: how loud it is, and a code of its samples. */
  static final int AUDIO_WIDTH = 2;

  private static final int SAMPLES_PER_FRAME = 640;
  private static final int FEWEST_SAMPLES = 720;
  private static final int MOTION_ROWS = 19;
  private static final double LOUDEST = 0.5; // root mean square
  private static final int EXACT_BITS = 24; // of an int in a float

  private final FakeEngineProvider provider;
  private final EngineConfig config;
  private int takesOpen;
  private boolean closed;

  FakeAvatarEngine(FakeEngineProvider provider, EngineConfig config) {
    this.provider = provider;
    this.config = config;
  }

  @Override
  public EngineConfig config() {
    return config;
  }

  @Override
  public String memoryPlan() {
    return "no memory at all";
  }

  @Override
  public List<DeviceUse> use() {
    return List.of(DeviceUse.NONE);
  }

  @Override
  public HostValues encodePrompt(String prompt) {
    requireOpen();
    int[] points = prompt.codePoints().toArray();
    float[] values = new float[points.length];
    for (int i = 0; i < points.length; i++) {
      values[i] = points[i];
    }
    return new HostValues(values, points.length, 1);
  }

  /** Returns the prompt that was encoded. */
  static String promptOf(HostValues encoded) {
    StringBuilder prompt = new StringBuilder();
    for (float point : encoded.values()) {
      prompt.appendCodePoint((int) point);
    }
    return prompt.toString();
  }

  @Override
  public HostValues encodeAudio(float[] samples, int silentFrames) {
    requireOpen();
    checkArgument(silentFrames >= 0, "silentFrames must not be negative, but was %s", silentFrames);
    if (samples.length < FEWEST_SAMPLES) {
      throw new InvalidRequestException("%d samples are too few".formatted(samples.length));
    }
    float[] heard = new float[silentFrames * SAMPLES_PER_FRAME + samples.length];
    System.arraycopy(samples, 0, heard, heard.length - samples.length, samples.length);
    int frames = (heard.length + SAMPLES_PER_FRAME - 1) / SAMPLES_PER_FRAME;
    int rows = (frames / config.clipFrames() + 1) * config.clipFrames();
    float[] values = new float[rows * AUDIO_WIDTH];
    for (int frame = 0; frame < frames; frame++) {
      int from = frame * SAMPLES_PER_FRAME;
      int to = Math.min(heard.length, from + SAMPLES_PER_FRAME);
      double squares = 0;
      for (int i = from; i < to; i++) {
        squares += (double) heard[i] * heard[i];
      }
      values[frame * AUDIO_WIDTH] = (float) (Math.sqrt(squares / SAMPLES_PER_FRAME) / LOUDEST);
      values[frame * AUDIO_WIDTH + 1] =
          FakeFrames.mix(0, heard, from, to) >>> (Long.SIZE - EXACT_BITS);
    }
    return new HostValues(values, rows, AUDIO_WIDTH);
  }

  @Override
  public PictureLatents encodePicture(Picture picture) {
    requireOpen();
    long code = FakeFrames.mix(config.width(), config.height());
    code = FakeFrames.mix(code, picture.width());
    code = FakeFrames.mix(code, Arrays.hashCode(picture.rgb()));
    return new PictureLatents(
        FakeFrames.coded(code, 1), new TakeState(FakeFrames.coded(code, MOTION_ROWS), false));
  }

  @Override
  public synchronized TakeSession open(TakeSpec spec) {
    requireOpen();
    checkState(
        takesOpen < config.lanes(), "all %s lanes are taken; nobody should wait", config.lanes());
    spec.audio().require("audio", spec.audio().extent(0), AUDIO_WIDTH);
    spec.start().motion().require("motion", motion(0).shape());
    takesOpen++;
    provider.takeOpened(
        new FakeEngineProvider.OpenedTake(
            promptOf(spec.prompt()), spec.seed(), spec.take(), spec.start()),
        takesOpen);
    return new FakeTakeSession(this, provider, spec);
  }

  /** Returns motion that a code decides. */
  static HostValues motion(long code) {
    return FakeFrames.coded(code, MOTION_ROWS);
  }

  synchronized void takeClosed() {
    takesOpen--;
  }

  @Override
  public synchronized void close() {
    requireOpen();
    checkState(takesOpen == 0, "%s takes are still open", takesOpen);
    closed = true;
    provider.engineClosed();
  }

  private synchronized void requireOpen() {
    checkState(!closed, "the engine is closed");
  }
}
