package dev.longtake.runtime.engine;

/** Models that several engines are opened on: closing one of them leaves the source open. */
final class SharedSource extends ForwardingSource {
  SharedSource(ModelSource inner) {
    super(inner);
  }

  @Override
  public void close() {}
}
