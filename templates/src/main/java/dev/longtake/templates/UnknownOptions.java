package dev.longtake.templates;

import static java.util.Comparator.comparingInt;

import com.google.common.base.Ascii;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/** Arguments that the command line does not know: for Beam, or mistaken. */
final class UnknownOptions {
  private static final String OPTION = "--[^=]+(=.*)?";
  private static final Set<String> OURS_ALONE = Set.of("runId", "workersElsewhere");

  private UnknownOptions() {}

  /**
   * Returns {@code arguments}, all of which Beam or a plugin knows.
   *
   * @param names of our own options, with their dashes
   * @throws IllegalArgumentException if one is unknown, or Beam refuses its value; the message
   *     names it, and the nearest there is
   */
  static List<String> forBeam(List<String> arguments, Set<String> names) {
    if (arguments.isEmpty()) {
      return List.of(); // Beam need not look for all that it knows
    }
    Set<String> known = new TreeSet<>();
    OptionProperty.namesKnownToBeam().stream()
        .filter(name -> !OURS_ALONE.contains(name))
        .forEach(name -> known.add("--" + name));
    List<String> accepted = new ArrayList<>();
    for (String argument : arguments) {
      String name = nameOf(argument, accepted);
      if (!known.contains(name)) {
        Set<String> all = new TreeSet<>(names);
        all.addAll(known);
        throw new IllegalArgumentException(refusal(name, all));
      }
      accepted.add(argument);
    }
    accepted.forEach(UnknownOptions::requireGoodValue);
    return accepted;
  }

  private static String nameOf(String argument, List<String> before) {
    if (argument.matches("(?s)" + OPTION)) {
      return argument.replaceFirst("(?s)=.*", "");
    }
    String last = before.isEmpty() ? "" : before.get(before.size() - 1);
    if (!argument.startsWith("-") && !last.isEmpty() && !last.contains("=")) {
      throw new IllegalArgumentException(
          "'%s' stands alone: write %s=%s.".formatted(argument, last, argument));
    }
    throw new IllegalArgumentException(
        "'%s' is no option: options are written --name=value.".formatted(argument));
  }

  /** Tried alone, because Beam's messages do not say which option they are about. */
  private static void requireGoodValue(String argument) {
    try {
      PipelineOptionsFactory.fromArgs(argument).create();
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new IllegalArgumentException("Beam refuses %s: %s".formatted(argument, message), e);
    }
  }

  private static String refusal(String name, Set<String> all) {
    String advice = OfficialOptions.adviceOn(name.substring(2));
    if (advice != null) {
      return "There is no option '%s'. %s".formatted(name, advice);
    }
    String nearest =
        all.stream().min(comparingInt(candidate -> distance(name, candidate))).orElseThrow();
    // A third of the letters wrong is no longer a slip of the finger.
    return distance(name, nearest) <= Math.max(2, (name.length() - 2) / 3)
        ? "There is no option '%s'. Is '%s' meant?".formatted(name, nearest)
        : "There is no option '%s'.".formatted(name);
  }

  /** Returns how many letters must be put in, left out or changed, whatever their case. */
  private static int distance(String one, String other) {
    String a = Ascii.toLowerCase(one);
    String b = Ascii.toLowerCase(other);
    int[] above = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(changed, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[b.length()];
  }
}
