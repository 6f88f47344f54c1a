package dev.longtake.runtime.memory;

/** A block that holds the memory itself: whoever reserved it closes it. */
public interface OwnedBlock extends Block, AutoCloseable {
  /** Gives the memory back. All parts and tensors of it become invalid. */
  @Override
  void close();
}
