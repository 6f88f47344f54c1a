package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;

/**
 * Holds back what is written to {@link System#err}, so that a warning does not land amid lines that
 * are drawn in place. Keeps the first 64 KiB.
 */
final class HeldErrors implements AutoCloseable {
  private static final int MOST_BYTES = 64 << 10;

  private final PrintStream err;
  private final Memory memory = new Memory();
  private boolean closed;

  private HeldErrors(PrintStream err) {
    this.err = err;
  }

  /** Begins to hold. */
  static HeldErrors hold() {
    HeldErrors held = new HeldErrors(System.err);
    System.setErr(new PrintStream(held.memory, true, UTF_8));
    return held;
  }

  /** Stops, and writes what was held. Closing again does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    System.setErr(err);
    memory.writeTo(err);
  }

  private static final class Memory extends OutputStream {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long left;

    @Override
    public synchronized void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] text, int offset, int count) {
      int kept = Math.min(count, MOST_BYTES - bytes.size());
      bytes.write(text, offset, kept);
      left += count - kept;
    }

    synchronized void writeTo(PrintStream err) {
      err.writeBytes(bytes.toByteArray());
      if (left > 0) {
        err.printf("%n(%d more bytes of warnings were dropped; --verbose shows all)%n", left);
      }
      err.flush();
    }
  }
}
