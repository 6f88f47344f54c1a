package dev.longtake.runtime.api;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An amount of memory as people write it, for example {@code 22.15GiB}. */
public final class MemorySize {
  private static final Pattern SIZE =
      Pattern.compile("(\\d{1,6}(?:\\.\\d{1,3})?)(MiB|GiB)", Pattern.CASE_INSENSITIVE);

  private static final double GIB = 1L << 30;

  private MemorySize() {}

  /**
   * Returns how many GiB that is, with two decimals, without the unit; the same in every locale.
   */
  public static String gib(long bytes) {
    return String.format(Locale.ROOT, "%.2f", bytes / GIB);
  }

  /**
   * Returns the bytes that an option's value says.
   *
   * @param option its name, for the message
   * @throws LongtakeException INVALID_CONFIG if it says none, or fewer than one
   */
  public static long parse(String option, String value) {
    Matcher matcher = SIZE.matcher(value);
    if (matcher.matches()) {
      long unit = matcher.group(2).equalsIgnoreCase("GiB") ? 1L << 30 : 1L << 20;
      long bytes = (long) (Double.parseDouble(matcher.group(1)) * unit);
      if (bytes > 0) {
        return bytes;
      }
    }
    throw new LongtakeException(
        ErrorCode.INVALID_CONFIG,
        "%s must be an amount of memory such as 22GiB or 512MiB, but was '%s'."
            .formatted(option, value));
  }
}
