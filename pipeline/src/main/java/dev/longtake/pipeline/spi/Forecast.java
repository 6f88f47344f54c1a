package dev.longtake.pipeline.spi;

import dev.longtake.pipeline.element.PreparedRequest;
import java.io.IOException;

/** Says beforehand what a renderer will have to do, and how long that takes on this machine. */
public interface Forecast extends AutoCloseable {
  /** Returns the clips that a request has. */
  int clips(PreparedRequest request);

  /** Returns how many of them need not be rendered, because an earlier run has. */
  int clipsReused(PreparedRequest request) throws IOException;

  /** Returns the time to render what is left of a request, if nothing else is rendered. */
  double renderSeconds(PreparedRequest request) throws IOException;

  /** Returns what this is based on, for people: one line. */
  String basis();

  /** Frees what was opened to find this out. */
  @Override
  void close();
}
