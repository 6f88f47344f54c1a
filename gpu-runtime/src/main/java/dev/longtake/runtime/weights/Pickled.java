package dev.longtake.runtime.weights;

import dev.longtake.runtime.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A value that a pickle describes. Values can contain one another many times over, so nothing may
 * walk through them without a limit.
 */
sealed interface Pickled {
  /** None, True and False. */
  enum Constant implements Pickled {
    NONE,
    TRUE,
    FALSE
  }

  /** A whole number. */
  record Whole(long value) implements Pickled {}

  /** A floating-point number. */
  record Real(double value) implements Pickled {}

  /** A text. */
  record Text(String value) implements Pickled {}

  /** An immutable sequence. */
  record Tuple(List<Pickled> items) implements Pickled {}

  /** A list, still growing while the pickle is read. */
  record Sequence(ArrayList<Pickled> items) implements Pickled {}

  /** A dict or OrderedDict with text keys, still growing while the pickle is read. */
  record Dict(Map<String, Pickled> items) implements Pickled {
    /** Creates an empty one. */
    static Dict empty() {
      return new Dict(new LinkedHashMap<>());
    }
  }

  /** A function or class by its full name, one of those that are allowed. */
  record Global(String name) implements Pickled {}

  /**
   * Where tensors' elements are.
   *
   * @param key name of the archive entry under {@code data/}
   * @param elements how many there are, as the pickle claims
   */
  record Storage(DType dtype, String key, long elements) implements Pickled {}

  /**
   * A view of a storage, as the pickle claims.
   *
   * @param offset the storage's element that index 0 is
   * @param size extents, outermost first
   * @param stride elements from one index to the next, per dimension
   */
  record View(Storage storage, long offset, List<Long> size, List<Long> stride)
      implements Pickled {}

  /** Returns what kind of value this is, for messages. */
  default String kind() {
    return getClass().getSimpleName();
  }
}
