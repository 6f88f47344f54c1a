package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.primitives.Floats;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A take of noise, and what came out of it: latents and pixels. */
final class Rendered implements GenerationListener {
  private static final int PROMPT_TOKENS = 5;
  private static final int SPEECH_FRAMES = 72; // engines work ahead as long as there is speech
  private static final int SAMPLES = 8_000;

  private final TakeSpec spec;
  private final int clips;
  private final int blocks;
  private final List<float[]> latents = new ArrayList<>();
  private final ByteArrayOutputStream pixels = new ByteArrayOutputStream();
  private @Nullable Ops ops;
  private @Nullable ComputeDevice device;

  private Rendered(TakeSpec spec, int clips, int blocks) {
    this.spec = spec;
    this.clips = clips;
    this.blocks = blocks;
  }

  /** Renders some clips; everything follows from {@code take}. */
  static Rendered take(OpenEngine engine, int take, int clips) {
    return take(engine, spec(engine.shape(), take), clips);
  }

  static Rendered take(OpenEngine engine, TakeSpec spec, int clips) {
    Rendered rendered = new Rendered(spec, clips, clips * engine.shape().model().blocks());
    TakeRandom random = new TakeRandom(spec.seed(), spec.take());
    try (TakeSession session = engine.open(spec, random, rendered)) {
      for (int clip = 0; clip < clips; clip++) {
        session.renderClip(
            (frame, rgb) -> {
              byte[] copy = new byte[rgb.remaining()];
              rgb.get(copy);
              rendered.pixels.writeBytes(copy);
            });
      }
    }
    return rendered;
  }

  /** Renders several takes, one after the other; returns those from 0 on. */
  static List<Rendered> takes(OpenEngine engine, int count, int clips) {
    return IntStream.range(0, count).mapToObj(take -> take(engine, take, clips)).toList();
  }

  /** Renders some of these takes at once on another engine, and requires that nothing differs. */
  static void requireSameBits(OpenEngine other, List<Rendered> expected) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(expected.size());
    try {
      List<Future<Rendered>> takes =
          expected.stream()
              .map(each -> threads.submit(() -> take(other, each.spec, each.clips)))
              .toList();
      for (int i = 0; i < takes.size(); i++) {
        takes.get(i).get().requireSameBits(expected.get(i));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** Returns conditions of noise, which no encoder has to make. */
  static TakeSpec spec(EngineShape shape, int take) {
    Random random = new Random(take);
    DitConfig dit = shape.model().dit();
    HostValues motion = noise(random, shape.latents(DitConfig.MOTION_FRAMES));
    return TakeSpec.first(
        noise(random, Shape.of(PROMPT_TOKENS, dit.textWidth())),
        new PictureLatents(noise(random, shape.latents(1)), new TakeState(motion, false)),
        noise(random, Shape.of(SPEECH_FRAMES, dit.audioWidth())),
        take);
  }

  private static HostValues noise(Random random, Shape shape) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new HostValues(values, shape.toArray());
  }

  /** Returns what an engine's encoders make of noise. */
  static TakeSpec encode(OpenEngine engine) {
    Random random = new Random(0);
    byte[] rgb = new byte[engine.shape().height() * engine.shape().width() * Picture.COLOURS];
    random.nextBytes(rgb);
    float[] samples = noise(random, Shape.of(SAMPLES)).values();
    return TakeSpec.first(
        engine.encodePrompt("Someone speaks."),
        engine.encodePicture(new Picture(engine.shape().height(), engine.shape().width(), rgb)),
        engine.encodeAudio(samples, 0),
        0);
  }

  @Override
  public void placed(ComputeDevice where, Ops reader) {
    device = where;
    ops = reader;
  }

  @Override
  public void latents(int clip, int block, Tensor values) {
    float[] copy = new float[Math.toIntExact(values.shape().elements())];
    Objects.requireNonNull(ops).download(values, copy, 0);
    latents.add(copy);
  }

  /** Returns where it was rendered. */
  ComputeDevice device() {
    return Objects.requireNonNull(device);
  }

  /** Returns the final latents of each frame block of the clips; engines may be ahead of them. */
  float[][] latents() {
    return latents.subList(0, blocks).toArray(float[][]::new);
  }

  void requireSameBits(Rendered expected) {
    assertThat(latents()).isEqualTo(expected.latents());
    assertThat(pixels()).isEqualTo(expected.pixels());
  }

  /** Returns what the take was conditioned on. */
  TakeSpec spec() {
    return spec;
  }

  /** Returns Σ(a−e)²/Σe² of all latents; NaN stays NaN. */
  double nmse(Rendered expected) {
    return nmse(Floats.concat(latents()), Floats.concat(expected.latents()));
  }

  /** Returns Σ(a−e)²/Σe²; NaN stays NaN. */
  static double nmse(float[] actual, float[] expected) {
    double errors = 0;
    double squares = 0;
    for (int i = 0; i < expected.length; i++) {
      double error = (double) actual[i] - expected[i];
      errors += error * error;
      squares += (double) expected[i] * expected[i];
    }
    return errors / squares;
  }

  byte[] pixels() {
    return pixels.toByteArray();
  }
}
