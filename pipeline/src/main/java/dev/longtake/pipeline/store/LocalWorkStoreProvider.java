package dev.longtake.pipeline.store;

import com.google.auto.service.AutoService;
import java.net.URI;

/** Opens {@code file:} stores. */
@AutoService(WorkStoreProvider.class)
public final class LocalWorkStoreProvider implements WorkStoreProvider {
  /** For {@link java.util.ServiceLoader}. */
  public LocalWorkStoreProvider() {}

  @Override
  public String scheme() {
    return "file";
  }

  @Override
  public WorkStore open(URI root) {
    return new LocalWorkStore(root);
  }
}
