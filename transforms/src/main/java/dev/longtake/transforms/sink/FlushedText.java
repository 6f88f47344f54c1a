package dev.longtake.transforms.sink;

import java.io.PrintWriter;

/** Text that is seen at once, without an end of line. */
final class FlushedText implements Appendable {
  private final PrintWriter out;

  FlushedText(PrintWriter out) {
    this.out = out;
  }

  @Override
  public Appendable append(CharSequence text) {
    out.append(text).flush();
    return this;
  }

  @Override
  public Appendable append(CharSequence text, int start, int end) {
    return append(text.subSequence(start, end));
  }

  @Override
  public Appendable append(char c) {
    return append(String.valueOf(c));
  }
}
