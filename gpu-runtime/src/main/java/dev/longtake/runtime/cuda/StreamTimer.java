package dev.longtake.runtime.cuda;

/** Times work on a stream; waits for it. */
public final class StreamTimer implements AutoCloseable {
  private final CudaStream stream;
  private final CudaEvent begin;
  private final CudaEvent end;

  private StreamTimer(CudaStream stream, CudaEvent begin, CudaEvent end) {
    this.stream = stream;
    this.begin = begin;
    this.end = end;
  }

  /** Creates a timer for the context that is current on this thread; close the result. */
  public static StreamTimer open(CudaStream stream) {
    CudaEvent begin = CudaEvent.open(stream.device());
    try {
      return new StreamTimer(stream, begin, CudaEvent.open(stream.device()));
    } catch (CudaException e) {
      begin.close();
      throw e;
    }
  }

  /** Returns the milliseconds that one of {@code times} runs of {@code work} takes. */
  public double millisOf(int times, Runnable work) {
    begin.record(stream);
    for (int i = 0; i < times; i++) {
      work.run();
    }
    end.record(stream);
    end.synchronize();
    return begin.millisUntil(end) / (double) times;
  }

  @Override
  public void close() {
    try {
      end.close();
    } finally {
      begin.close();
    }
  }
}
