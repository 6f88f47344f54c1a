package dev.longtake.transforms.sink;

import static com.google.common.base.Preconditions.checkArgument;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers as people read them; the same in every locale. */
final class Quantity {
  private static final long MINUTE = 60;
  private static final long HOUR = 3600;
  private static final double KIB = 1024;
  private static final double[] STEPS = {1, 2, 5, 10, 15, 30};

  private Quantity() {}

  /** Returns a length of time: {@code 7.3 s}, {@code 1 min 23 s} or {@code 2 h 3 min}. */
  static String length(double seconds) {
    long tenths = Math.round(nonNegative(seconds) * 10);
    if (tenths < MINUTE * 10) {
      return decimal(tenths / 10.0, 1) + " s";
    }
    long whole = Math.round(seconds);
    return whole < HOUR
        ? "%d min %d s".formatted(whole / MINUTE, whole % MINUTE)
        : "%d h %d min".formatted(whole / HOUR, whole % HOUR / MINUTE);
  }

  /** Returns a time as a clock shows it: {@code 0:07}, {@code 1:23} or {@code 2:03:09}. */
  static String clock(double seconds) {
    long whole = Math.round(nonNegative(seconds));
    return whole < HOUR
        ? "%d:%02d".formatted(whole / MINUTE, whole % MINUTE)
        : "%d:%02d:%02d".formatted(whole / HOUR, whole % HOUR / MINUTE, whole % MINUTE);
  }

  /** Returns a number of bytes: {@code 512 MiB} or {@code 1.5 GiB}. */
  static String bytes(double bytes) {
    double mebibytes = nonNegative(bytes) / (KIB * KIB);
    return mebibytes < KIB ? decimal(mebibytes, 0) + " MiB" : decimal(mebibytes / KIB, 1) + " GiB";
  }

  /** Returns a finite number with a fixed number of decimals. */
  static String decimal(double value, int decimals) {
    checkArgument(Double.isFinite(value), "a quantity must be finite, but was %s", value);
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }

  /** Returns a rate with about three digits: {@code 0.123}, {@code 1.23}, {@code 12.3}. */
  static String rate(double perSecond) {
    nonNegative(perSecond);
    if (perSecond < 1) {
      return decimal(perSecond, 3);
    }
    return perSecond < 10 ? decimal(perSecond, 2) : decimal(perSecond, 1);
  }

  /** Returns an end of a scale, without the decimals that it does not need. */
  static String scale(double value) {
    BigDecimal rounded = BigDecimal.valueOf(value).round(new MathContext(3, RoundingMode.HALF_UP));
    return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
  }

  /** Returns a whole number and its noun, which takes an s unless there is one of it. */
  static String count(long number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }

  /** Returns the smallest of 1, 2, 5, 10, 20, 50 … (and below 1 alike) that is at least this. */
  static double roundUp(double value) {
    checkArgument(value > 0 && Double.isFinite(value), "must be positive, but was %s", value);
    double decade = Math.pow(10, Math.floor(Math.log10(value)));
    for (double step : new double[] {1, 1.5, 2, 3, 4, 5, 6, 8}) {
      if (step * decade >= value * (1 - 1e-9)) {
        return step * decade;
      }
    }
    return 10 * decade;
  }

  /** Returns a step in seconds that cuts a time into at most {@code most} even parts. */
  static double timeStep(double seconds, int most) {
    nonNegative(seconds);
    for (double unit = 1; ; unit *= MINUTE) {
      for (double step : STEPS) {
        if (step * unit * most >= seconds) {
          return step * unit;
        }
      }
    }
  }

  private static double nonNegative(double value) {
    checkArgument(
        value >= 0 && Double.isFinite(value),
        "a quantity must be finite and not negative, but was %s",
        value);
    return value;
  }
}
