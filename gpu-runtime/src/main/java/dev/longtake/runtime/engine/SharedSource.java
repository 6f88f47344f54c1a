package dev.longtake.runtime.engine;

import java.util.Set;

/** Models that several engines are opened on: closing one of them leaves the source open. */
final class SharedSource extends ForwardingSource {
  private final Set<ModelPart> parts;

  /** Shares all models. */
  SharedSource(ModelSource inner) {
    this(inner, inner.parts());
  }

  /** Shares some of the models. */
  SharedSource(ModelSource inner, Set<ModelPart> parts) {
    super(inner);
    this.parts = Set.copyOf(parts);
  }

  @Override
  public Set<ModelPart> parts() {
    return parts;
  }

  @Override
  public void close() {}
}
