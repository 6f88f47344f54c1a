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

/**
 * Reads tensors in chunks of rows, several at once, and hands the chunks over in order.
 *
 * <p>To widen, merge and scale a number takes nanoseconds: minutes on one thread for a model of 16
 * billion. The threads are the process's, and end when nothing has been read for a second. An
 * instance is used by one thread, and keeps memory for the chunks that are read at once.
 */
final class ReadAhead {
  private static final int THREADS = Math.min(16, Runtime.getRuntime().availableProcessors());
  private static final int AHEAD = 2 * THREADS;
  private static final int CHUNK_ELEMENTS = 1 << 18; // so that most matrices keep every thread busy
  private static final ExecutorService POOL = pool();

  private final Deque<float[]> spare = new ArrayDeque<>();

  /** Does something with rows {@code first} to {@code first + count}. */
  interface Rows {
    /**
     * Fills or takes the front of {@code values}, [count, width].
     *
     * @param values not to be kept
     */
    void apply(int first, int count, float[] values);
  }

  /**
   * Reads all rows. Returns when no thread is reading any more, also where it throws what {@code
   * read} or {@code take} threw.
   *
   * @param width elements of a row
   * @param read called by several threads
   * @param take called by this thread, with one chunk of rows after the other
   */
  void run(int rows, int width, Rows read, Rows take) {
    int atOnce = rowsAtOnce(width);
    Deque<Future<float[]>> reading = new ArrayDeque<>();
    int submitted = 0;
    try {
      for (int first = 0; first < rows; first += atOnce) {
        while (submitted < rows && reading.size() < AHEAD) {
          int start = submitted;
          int count = Math.min(atOnce, rows - start);
          float[] out = buffer(atOnce * width);
          reading.add(POOL.submit(() -> read.apply(start, count, out), out));
          submitted += count;
        }
        float[] values = finished(reading.remove());
        take.apply(first, Math.min(atOnce, rows - first), values);
        spare.push(values);
      }
    } finally {
      reading.forEach(ReadAhead::await);
    }
  }

  /** Returns a multiple of what a merge computes at once, so that it computes nothing twice. */
  private static int rowsAtOnce(int width) {
    int rows = Math.max(1, CHUNK_ELEMENTS / width);
    return rows < MergedTensor.BLOCK_ROWS ? rows : rows - rows % MergedTensor.BLOCK_ROWS;
  }

  private float[] buffer(int elements) {
    float[] buffer = spare.isEmpty() ? new float[CHUNK_ELEMENTS] : spare.pop();
    return buffer.length >= elements ? buffer : new float[elements];
  }

  private static float[] finished(Future<float[]> chunk) {
    try {
      return Uninterruptibles.getUninterruptibly(chunk);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause(); // nothing else can be thrown
    }
  }

  private static void await(Future<float[]> chunk) {
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
