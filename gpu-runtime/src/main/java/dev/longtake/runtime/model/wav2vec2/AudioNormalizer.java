package dev.longtake.runtime.model.wav2vec2;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;

/**
 * Brings samples to mean 0 and variance 1 by the statistics of the whole file: (x −
 * mean)/√(variance + 1e-7), with the population variance. Sums are fp64, so that hours of samples
 * lose nothing.
 */
public final class AudioNormalizer {
  private static final double EPSILON = 1e-7;

  /** Samples that are normalised at a time on their way to the device: a quarter of a second. */
  private static final int CHUNK_SAMPLES = 4096;

  private final float mean;
  private final float scale;

  private AudioNormalizer(double mean, double scale) {
    this.mean = (float) mean;
    this.scale = (float) scale;
  }

  /**
   * Measures a whole file.
   *
   * @param samples mono at the encoder's rate, at least one; not kept
   */
  public static AudioNormalizer of(float[] samples) {
    checkArgument(samples.length > 0, "there must be at least one sample");
    double sum = 0;
    for (float sample : samples) {
      sum += sample;
    }
    double mean = sum / samples.length;
    double squares = 0;
    for (float sample : samples) {
      squares += (sample - mean) * (sample - mean);
    }
    return new AudioNormalizer(mean, 1 / Math.sqrt(squares / samples.length + EPSILON));
  }

  /**
   * Checks that a checkpoint wants its samples as this class makes them.
   *
   * @param preprocessor its {@code preprocessor_config.json}
   * @param file where that comes from, for messages
   * @throws LongtakeException INVALID_CHECKPOINT if it does not
   */
  public static void requireSupported(JsonNode preprocessor, String file) {
    ConfigFile config = new ConfigFile(preprocessor, file);
    config.require("do_normalize", "true");
    config.require("sampling_rate", Integer.toString(FeatureTiming.SAMPLE_RATE_HZ));
  }

  /** Returns normalised copies of samples. */
  public float[] normalize(float[] samples) {
    float[] normalized = new float[samples.length];
    for (int i = 0; i < samples.length; i++) {
      normalized[i] = normalize(samples[i]);
    }
    return normalized;
  }

  /** Returns one sample's normalised value. */
  float normalize(float sample) {
    return (sample - mean) * scale;
  }

  /**
   * Normalises samples into a tensor, which has as many elements as are taken.
   *
   * @param samples of which [{@code first}, {@code first + out}) are taken
   * @param out activation type [count]
   */
  void upload(Ops ops, float[] samples, int first, Tensor out) {
    int count = out.shape().extent(0);
    float[] chunk = new float[Math.min(count, CHUNK_SAMPLES)];
    for (int start = 0; start < count; start += chunk.length) {
      int length = Math.min(chunk.length, count - start);
      for (int i = 0; i < length; i++) {
        chunk[i] = normalize(samples[first + start + i]);
      }
      ops.upload(chunk, 0, out.slice(start, length));
    }
  }
}
