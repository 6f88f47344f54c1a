package dev.longtake.runtime.weights;

import dev.longtake.runtime.api.LongtakeException;
import java.util.Set;

/** Named tensors of one model, from one file or several. */
public interface TensorSource extends AutoCloseable {
  /** Returns the names of all tensors. */
  Set<String> names();

  /**
   * Returns a tensor.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if there is none of this name; the message lists
   *     the files looked at and names that come close
   */
  StoredTensor tensor(String name);

  /** Returns where the tensors come from, for messages. */
  String description();

  @Override
  void close();
}
