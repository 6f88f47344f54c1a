package dev.longtake.runtime.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How far open a drawn face's mouth is, and how far the speech says it should be: the demo model's
 * test of meaning.
 */
public final class MouthOpening {
  private static final int FRAME_SAMPLES = 640;
  private static final int INSIDE_COLOURS = 2;

  private final int[] box;
  private final List<double[]> colours = new ArrayList<>();

  /**
   * Reads where the mouth is and what colours the face has.
   *
   * @param face as in {@code faces.json}, for example {@code face_1}
   */
  public MouthOpening(Path facesJson, String face) throws IOException {
    JsonNode entry = new ObjectMapper().readTree(facesJson.toFile()).path(face);
    JsonNode identity = entry.path("identity");
    double[] skin = rgb(identity.path("skin"));
    double[] lip = rgb(identity.path("lipc"));
    double beard = identity.path("beard").asDouble();
    box = new int[] {side(entry, 0), side(entry, 1), side(entry, 2), side(entry, 3)};
    colours.add(new double[] {.30, .04, .07}); // the mouth's inside
    colours.add(new double[] {.95, .94, .90}); // teeth
    colours.add(skin);
    colours.add(mix(skin, .8, skin, 0));
    colours.add(mix(skin, .93, skin, 0));
    colours.add(lip);
    colours.add(new double[] {.80, .32, .36}); // tongue
    colours.add(mix(skin, 1 - beard, rgb(identity.path("hair")), beard));
    colours.add(mix(skin, .5, lip, .5));
  }

  /**
   * Returns the share of the mouth's surroundings that is inside or teeth.
   *
   * @param rgb unsigned bytes [H, width, 3]
   */
  public double of(ByteBuffer rgb, int width) {
    int inside = 0;
    for (int y = box[1]; y < box[3]; y++) {
      for (int x = box[0]; x < box[2]; x++) {
        inside += isInside(rgb, (y * width + x) * 3) ? 1 : 0;
      }
    }
    return inside / (double) ((box[3] - box[1]) * (box[2] - box[0]));
  }

  private boolean isInside(ByteBuffer rgb, int at) {
    int nearest = 0;
    double smallest = Double.MAX_VALUE;
    for (int i = 0; i < colours.size(); i++) {
      double distance = 0;
      for (int c = 0; c < 3; c++) {
        double delta = Byte.toUnsignedInt(rgb.get(at + c)) / 255.0 - colours.get(i)[c];
        distance += delta * delta;
      }
      if (distance < smallest) {
        smallest = distance;
        nearest = i;
      }
    }
    return nearest < INSIDE_COLOURS;
  }

  /**
   * Returns the opening that speech asks for, 0 to 1, one value a video frame: its smoothed log
   * energy.
   *
   * @param samples mono, 16 kHz
   */
  public static double[] envelope(float[] samples) {
    double mean = 0;
    for (float sample : samples) {
      mean += sample / samples.length;
    }
    double variance = 0;
    for (float sample : samples) {
      variance += (sample - mean) * (sample - mean) / samples.length;
    }
    int frames = samples.length / FRAME_SAMPLES;
    double[] opening = new double[frames];
    for (int frame = 0; frame < frames; frame++) {
      double decibel = 10 * Math.log10(energy(samples, frame, mean, variance + 1e-7) + 1e-6);
      opening[frame] = Math.max(0, Math.min(1, (decibel + 18) / 24));
    }
    double[] smooth = new double[frames];
    for (int frame = 0; frame < frames; frame++) {
      double before = opening[Math.max(0, frame - 1)];
      double after = opening[Math.min(frames - 1, frame + 1)];
      smooth[frame] = .2 * before + .6 * opening[frame] + .2 * after;
    }
    return smooth;
  }

  /** Energy under a Hann window of two frames around the middle of one. */
  private static double energy(float[] samples, int frame, double mean, double variance) {
    int window = 2 * FRAME_SAMPLES;
    double energy = 0;
    double sum = 0;
    for (int i = 0; i < window; i++) {
      double weight = .5 - .5 * Math.cos(2 * Math.PI * i / (window - 1));
      int at = frame * FRAME_SAMPLES - FRAME_SAMPLES / 2 + i;
      sum += weight;
      if (at >= 0 && at < samples.length) {
        energy += weight * (samples[at] - mean) * (samples[at] - mean) / variance;
      }
    }
    return energy / sum;
  }

  /** Returns the correlation of {@code a[i + lag]} with {@code b[i]}, where both exist. */
  public static double correlation(double[] a, double[] b, int lag) {
    int first = Math.max(0, -lag);
    int end = Math.min(b.length, a.length - lag);
    int count = Math.min(end, a.length - Math.max(0, lag)) - first;
    double meanA = 0;
    double meanB = 0;
    for (int i = first; i < first + count; i++) {
      meanA += a[i + lag] / count;
      meanB += b[i] / count;
    }
    double product = 0;
    double squareA = 0;
    double squareB = 0;
    for (int i = first; i < first + count; i++) {
      double deltaA = a[i + lag] - meanA;
      double deltaB = b[i] - meanB;
      product += deltaA * deltaB;
      squareA += deltaA * deltaA;
      squareB += deltaB * deltaB;
    }
    return product / Math.sqrt(squareA * squareB);
  }

  private static int side(JsonNode entry, int index) {
    return entry.path("mouth_box").path(index).asInt();
  }

  private static double[] rgb(JsonNode colour) {
    return new double[] {
      colour.path(0).asDouble(), colour.path(1).asDouble(), colour.path(2).asDouble()
    };
  }

  private static double[] mix(double[] a, double shareA, double[] b, double shareB) {
    return new double[] {
      a[0] * shareA + b[0] * shareB, a[1] * shareA + b[1] * shareB, a[2] * shareA + b[2] * shareB
    };
  }
}
