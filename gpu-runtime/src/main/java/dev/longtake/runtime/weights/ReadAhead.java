package dev.longtake.runtime.weights;

import com.google.common.util.concurrent.ThreadFactoryBuilder;
import com.google.common.util.concurrent.Uninterruptibles;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Reads tensors in chunks of rows, several at once, and hands the chunks over in order.
 *
 * <p>To read a model of 16 billion numbers takes one thread minutes. The threads are the process's,
 * and end when nothing has been read for a second.
 *
 * @param chunkRows of all chunks but the last
 * @param ahead chunks that are read or wait at once, at least 1
 * @param buffers gives memory for a chunk, on the calling thread
 * @param unused takes it back, after the chunk has been taken
 * @param <B> what a chunk is read into
 */
record ReadAhead<B>(int chunkRows, int ahead, Supplier<B> buffers, Consumer<B> unused) {
  /** Threads that read. */
  static final int THREADS = Math.min(16, Runtime.getRuntime().availableProcessors());

  private static final ExecutorService POOL = pool();

  /** Does something with rows {@code first} to {@code first + count}. */
  interface Rows<B> {
    /** Fills or takes the front of {@code chunk}, [count, width]. */
    void apply(int first, int count, B chunk);
  }

  /**
   * Reads all rows. Returns when no thread is reading any more, also where it throws what {@code
   * read} or {@code take} threw.
   *
   * @param read called by several threads
   * @param take called by this thread, with one chunk of rows after the other
   */
  void run(int rows, Rows<B> read, Rows<B> take) {
    Deque<Future<B>> reading = new ArrayDeque<>();
    int submitted = 0;
    try {
      for (int first = 0; first < rows; first += chunkRows) {
        while (submitted < rows && reading.size() < ahead) {
          int start = submitted;
          int count = Math.min(chunkRows, rows - start);
          B out = buffers.get();
          reading.add(POOL.submit(() -> read.apply(start, count, out), out));
          submitted += count;
        }
        B chunk = finished(reading.remove());
        take.apply(first, Math.min(chunkRows, rows - first), chunk);
        unused.accept(chunk);
      }
    } finally {
      reading.forEach(ReadAhead::await);
    }
  }

  private static <B> B finished(Future<B> chunk) {
    try {
      return Uninterruptibles.getUninterruptibly(chunk);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause(); // nothing else can be thrown
    }
  }

  private static void await(Future<?> chunk) {
    try {
      Uninterruptibles.getUninterruptibly(chunk);
    } catch (ExecutionException e) {
      // An earlier failure is on its way.
    }
  }

  private static ExecutorService pool() {
    ThreadFactoryBuilder threads = new ThreadFactoryBuilder();
    threads.setNameFormat("longtake-weights-%d").setDaemon(true);
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            THREADS, THREADS, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads.build());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }
}
