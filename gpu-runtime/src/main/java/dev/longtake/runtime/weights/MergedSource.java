package dev.longtake.runtime.weights;

import com.google.common.io.Closer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;

/** A model's tensors, some of them with an adapter added as they are read. Owns both files. */
final class MergedSource implements TensorSource {
  private final TensorSource base;
  private final TensorSource lora;
  private final Map<String, LoraPair> pairs;

  /**
   * Creates the source.
   *
   * @param pairs what is added, by name of the base tensor
   */
  MergedSource(TensorSource base, TensorSource lora, Map<String, LoraPair> pairs) {
    this.base = base;
    this.lora = lora;
    this.pairs = pairs;
  }

  @Override
  public Set<String> names() {
    return base.names();
  }

  @Override
  public StoredTensor tensor(String name) {
    StoredTensor tensor = base.tensor(name);
    LoraPair pair = pairs.get(name);
    return pair == null ? tensor : new MergedTensor(tensor, pair);
  }

  @Override
  public String description() {
    return "%s, merged with %s".formatted(base.description(), lora.description());
  }

  @Override
  public void close() {
    try (Closer closer = Closer.create()) {
      closer.register(base::close);
      closer.register(lora::close);
    } catch (IOException e) {
      throw new UncheckedIOException("closing " + description(), e);
    }
  }
}
