package dev.longtake.runtime.api;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parts of the CPU that are used like GPUs of a given memory: {@code 2x24GiB}, or {@code
 * 1x24GiB,1x6GiB}. Their memory is planned and limited, and two processes of a host that name the
 * same part cannot use it at once.
 */
public final class CpuDevices {
  private static final Pattern PART = Pattern.compile("(\\d{1,3})x(\\S+)");

  private CpuDevices() {}

  /**
   * Returns the devices that an option's value says, in its order.
   *
   * @param option its name, for the message
   * @throws LongtakeException INVALID_CONFIG if it says none
   */
  public static List<LeasableDevice> parse(String option, String value) {
    List<LeasableDevice> devices = new ArrayList<>();
    Map<Long, Integer> ofSize = new HashMap<>();
    for (String part : value.split(",", -1)) {
      Matcher matcher = PART.matcher(part.strip());
      int count = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
      if (count == 0) {
        throw new LongtakeException(
            ErrorCode.INVALID_CONFIG,
            "%s must be devices such as 2x24GiB or 1x24GiB,1x512MiB, but was '%s'."
                .formatted(option, value));
      }
      long bytes = MemorySize.parse(option, matcher.group(2));
      for (int i = 0; i < count; i++) {
        int number = ofSize.merge(bytes, 1, Integer::sum) - 1;
        String id = "cpu-%dMiB-%d".formatted(bytes >> 20, number);
        String description = "cpu part %d of %s".formatted(number, matcher.group(2));
        devices.add(new LeasableDevice(id, "cpu", description, bytes, true));
      }
    }
    return devices;
  }
}
