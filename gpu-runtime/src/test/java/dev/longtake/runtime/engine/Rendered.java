package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.Picture;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.sampling.TakeRandom;
import dev.longtake.runtime.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A take of noise, and what came out of it: latents and pixels. */
final class Rendered implements GenerationListener {
  private static final int SPEECH_SECONDS = 2;

  private final List<float[]> latents = new ArrayList<>();
  private final ByteArrayOutputStream pixels = new ByteArrayOutputStream();
  private @Nullable Ops ops;
  private @Nullable ComputeDevice device;

  private Rendered() {}

  /** Renders some clips; everything follows from {@code take}. */
  static Rendered take(OpenEngine engine, int take, int clips) {
    Rendered rendered = new Rendered();
    TakeSpec spec = spec(engine, take);
    try (TakeSession session = engine.open(spec, new TakeRandom(take, 0), rendered)) {
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

  static TakeSpec spec(OpenEngine engine, int take) {
    Random random = new Random(take);
    float[] samples = new float[SPEECH_SECONDS * 16_000];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (float) random.nextGaussian();
    }
    int height = engine.config().height();
    int width = engine.config().width();
    byte[] rgb = new byte[height * width * Picture.COLOURS];
    random.nextBytes(rgb);
    return TakeSpec.first(
        engine.encodePrompt("Someone speaks: " + take),
        engine.encodePicture(new Picture(height, width, rgb)),
        engine.encodeAudio(samples, 0),
        take);
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

  /** Returns the final latents of each frame block that was rendered for a clip. */
  float[][] latents(int blocks) {
    return latents.subList(0, blocks).toArray(float[][]::new);
  }

  /** Returns Σ(a−e)²/Σe² of all latents; NaN stays NaN. */
  double nmse(Rendered expected) {
    double errors = 0;
    double squares = 0;
    for (int block = 0; block < latents.size(); block++) {
      float[] values = expected.latents.get(block);
      for (int i = 0; i < values.length; i++) {
        double error = (double) latents.get(block)[i] - values[i];
        errors += error * error;
        squares += (double) values[i] * values[i];
      }
    }
    return errors / squares;
  }

  byte[] pixels() {
    return pixels.toByteArray();
  }
}
