package dev.longtake.transforms.request;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which line of a manifest was the first to use a name: all that is remembered of the lines gone
 * by. A line keeps its id even if it is faulty otherwise, or mending it would make a duplicate.
 */
final class TakenNames {
  private final Map<String, Integer> lineOfId = new HashMap<>();
  private final Map<String, Integer> lineOfOutput = new HashMap<>();

  /** Lines that name an output, so that their id's own output is still free. */
  private final BitSet linesWithOutput = new BitSet();

  /**
   * Takes an id.
   *
   * @throws RequestFaultException DUPLICATE_ID if an earlier line has it
   */
  void takeId(String id, int line) throws RequestFaultException {
    Integer first = lineOfId.putIfAbsent(id, line);
    if (first != null) {
      throw new RequestFaultException(
          "DUPLICATE_ID",
          "The id '%s' is already that of line %d. Give every request its own."
              .formatted(id, first));
    }
  }

  /**
   * Takes a place for a video.
   *
   * @param output named place below the output directory; null for the id's own
   * @throws RequestFaultException DUPLICATE_OUTPUT if an earlier line's video goes there
   */
  void takeOutput(String id, @Nullable String output, int line) throws RequestFaultException {
    if (output != null) {
      linesWithOutput.set(line);
    }
    String place = output == null ? SafeNames.defaultOutput(id) : output;
    Integer first =
        output == null ? lineOfOutput.get(place) : lineOfOutput.putIfAbsent(place, line);
    if (first == null && output != null) {
      first = lineOfId.get(SafeNames.idOf(place));
      if (first != null && (first == line || linesWithOutput.get(first))) {
        first = null;
      }
    }
    if (first != null) {
      throw new RequestFaultException(
          "DUPLICATE_OUTPUT",
          "The video of line %d already goes to '%s'. Give every request its own output."
              .formatted(first, place));
    }
  }
}
