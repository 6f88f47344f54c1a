package dev.longtake.transforms.request;

import static java.util.Objects.checkFromIndexSize;

import dev.longtake.pipeline.spi.SpeechEnvelope;
import dev.longtake.transforms.split.VideoTiming;
import java.util.Arrays;

/** Measures speech while it goes by: its length, its peak, and its loudness every 10 ms. */
public final class SpeechMeter {
  private static final int STEP_SAMPLES =
      VideoTiming.SAMPLE_RATE_HZ / SpeechEnvelope.WINDOWS_PER_SECOND;
  private static final int FIRST_CAPACITY = 6000; // a minute

  private float[] energy = new float[FIRST_CAPACITY];
  private int steps;
  private double squares;
  private int inStep;
  private long samples;
  private float peak;

  /**
   * Takes the next samples. They are not kept.
   *
   * @param chunk mono, 16 kHz, 1 for full scale; read from {@code offset}, {@code count} of them
   * @throws IllegalArgumentException if one is not a finite number
   */
  public void accept(float[] chunk, int offset, int count) {
    checkFromIndexSize(offset, count, chunk.length);
    for (int i = offset; i < offset + count; i++) {
      float sample = chunk[i];
      if (!Float.isFinite(sample)) {
        throw new IllegalArgumentException(
            "sample %d is %s; the decoder must give finite numbers".formatted(samples, sample));
      }
      peak = Math.max(peak, Math.abs(sample));
      squares += (double) sample * sample;
      samples++;
      inStep++;
      if (inStep == STEP_SAMPLES) {
        endStep();
      }
    }
  }

  /** Returns how many samples there were. */
  public long samples() {
    return samples;
  }

  /** Returns the greatest amplitude, 1 for full scale. */
  public float peak() {
    return peak;
  }

  /**
   * Returns the loudness of what went by.
   *
   * @throws IllegalArgumentException if nothing did
   */
  public SpeechEnvelope envelope() {
    int frames = VideoTiming.framesOf(samples);
    if (inStep > 0) {
      endStep();
    }
    return new SpeechEnvelope(frames, Arrays.copyOf(energy, steps));
  }

  private void endStep() {
    if (steps == energy.length) {
      energy = Arrays.copyOf(energy, 2 * steps);
    }
    energy[steps] = (float) Math.sqrt(squares / inStep);
    steps++;
    squares = 0;
    inStep = 0;
  }
}
