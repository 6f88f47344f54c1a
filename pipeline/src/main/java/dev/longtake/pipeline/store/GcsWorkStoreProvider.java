package dev.longtake.pipeline.store;

import com.google.auto.service.AutoService;
import java.net.URI;

/** Opens {@code gs:} stores. */
@AutoService(WorkStoreProvider.class)
public final class GcsWorkStoreProvider implements WorkStoreProvider {
  /** For {@link java.util.ServiceLoader}. */
  public GcsWorkStoreProvider() {}

  @Override
  public String scheme() {
    return GcsName.SCHEME;
  }

  @Override
  public WorkStore open(URI root) {
    return new GcsWorkStore(root);
  }
}
