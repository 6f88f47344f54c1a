package dev.longtake.pipeline.store;

import java.net.URI;

/**
 * Opens work stores of one URI scheme. Found with {@link java.util.ServiceLoader}; stateless, with
 * a public constructor without arguments.
 */
public interface WorkStoreProvider {
  /** Returns the scheme in lowercase, for example {@code file}. */
  String scheme();

  /**
   * Returns the store below a directory, which need not exist yet. Does not touch the storage.
   *
   * @param root absolute, of this scheme, ending in {@code '/'}
   * @throws IllegalArgumentException if no store can be there
   */
  WorkStore open(URI root);
}
