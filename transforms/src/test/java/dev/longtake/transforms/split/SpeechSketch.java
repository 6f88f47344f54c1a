package dev.longtake.transforms.split;

import dev.longtake.pipeline.spi.SpeechEnvelope;
import java.util.Arrays;
import java.util.Random;

/** Envelopes for tests: speech at a level, with pauses drawn into it. */
final class SpeechSketch {
  static final int WINDOWS_PER_FRAME = 4;
  static final float VOICE = 0.1f; // -20 dB
  static final float ROOM = 1e-4f; // -80 dB

  private final float[] energy;

  SpeechSketch(double seconds) {
    this.energy = new float[(int) Math.round(seconds * 100)];
    Arrays.fill(energy, VOICE);
  }

  /** Varies the voice between -30 and -10 dB; nothing of it is a pause. */
  SpeechSketch lively(Random random) {
    for (int i = 0; i < energy.length; i++) {
      energy[i] = (float) (VOICE * Math.pow(10, random.nextDouble() - 0.5));
    }
    return this;
  }

  SpeechSketch level(double fromSeconds, double toSeconds, float level) {
    int from = (int) Math.round(fromSeconds * 100);
    Arrays.fill(energy, from, Math.min(energy.length, (int) Math.round(toSeconds * 100)), level);
    return this;
  }

  SpeechSketch pause(double fromSeconds, double toSeconds) {
    return level(fromSeconds, toSeconds, ROOM);
  }

  /** Draws speech of words and pauses of random lengths. */
  static SpeechSketch random(Random random, double seconds) {
    SpeechSketch sketch = new SpeechSketch(seconds).lively(random);
    double at = 0;
    while (at < seconds) {
      at += 0.2 + random.nextDouble() * 6;
      double pause = random.nextDouble() * 0.9;
      sketch.pause(Math.min(at, seconds), Math.min(at + pause, seconds));
      at += pause;
    }
    return sketch;
  }

  float[] energy() {
    return energy;
  }

  SpeechEnvelope envelope() {
    int frames = (energy.length + WINDOWS_PER_FRAME - 1) / WINDOWS_PER_FRAME;
    return new SpeechEnvelope(Math.max(1, frames), energy);
  }
}
