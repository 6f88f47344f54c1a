package dev.longtake.transforms.request;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A key of a manifest line, and a column of a CSV manifest. */
enum Column {
  ID("id"),
  IMAGE("image"),
  AUDIO("audio"),
  PROMPT("prompt"),
  SEED("seed"),
  SIZE("size"),
  OUTPUT("output"),
  NUM_CLIP("numClip");

  /** What every request must have. */
  static final List<Column> NEEDED = List.of(ID, IMAGE, AUDIO);

  private final String key;

  Column(String key) {
    this.key = key;
  }

  /** Returns the name as it is written in a manifest. */
  String key() {
    return key;
  }

  /** Returns whether a whole number is written in it. */
  boolean isNumber() {
    return this == SEED || this == NUM_CLIP;
  }

  /** Returns the column of this name; null if there is none. */
  static @Nullable Column of(String key) {
    for (Column column : values()) {
      if (column.key.equals(key)) {
        return column;
      }
    }
    return null;
  }

  /** Returns all names, for messages. */
  static String keys() {
    return String.join(", ", Arrays.stream(values()).map(Column::key).toList());
  }

  /** Returns what somebody who wrote this most likely meant. */
  static Column closest(String key) {
    String wanted = plain(key);
    Column best = ID;
    int least = Integer.MAX_VALUE;
    for (Column candidate : values()) {
      String known = plain(candidate.key);
      // image_path, inputAudio: the name is in there whole
      int distance = wanted.contains(known) && known.length() > 2 ? 0 : edits(wanted, known);
      if (distance < least) {
        least = distance;
        best = candidate;
      }
    }
    return best;
  }

  private static String plain(String key) {
    String shortened = key.length() > 40 ? key.substring(0, 40) : key;
    return shortened.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "").replace(" ", "");
  }

  /** Returns how many letters must be put in, left out or changed (Levenshtein). */
  private static int edits(String from, String to) {
    int[] row = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[to.length()];
  }
}
