package dev.longtake.runtime.ops.cpu;

import dev.longtake.runtime.tensor.HostTensor;

/** Runs a function over runs of whole rows, which it sees as a Java array. */
final class Rows {
  private static final int TASK_VALUES = 1 << 14;

  private final Parallel parallel;
  private final Scratch[] scratch;

  /** Changes rows in place. */
  interface Body {
    /**
     * Changes {@code rows} rows that lie one after another from {@code values[0]}.
     *
     * @param firstRow index of the first of them
     */
    void run(float[] values, int firstRow, int rows, Scratch scratch);
  }

  Rows(Parallel parallel, Scratch[] scratch) {
    this.parallel = parallel;
    this.scratch = scratch;
  }

  /**
   * Reads every row of {@code x}, changes it, and writes it to {@code out}, which may be {@code x}.
   *
   * @param width values in a row; {@code body} may use {@code otherRow} of its scratch
   */
  void map(HostTensor x, int width, HostTensor out, Body body) {
    int rows = Math.toIntExact(x.shape().elements() / width);
    int taskRows = Math.max(1, TASK_VALUES / width);
    parallel.run(
        MatrixProducts.ceilDiv(rows, taskRows),
        (task, thread) -> {
          int first = task * taskRows;
          int count = Math.min(taskRows, rows - first);
          float[] values = scratch[thread].row(count * width);
          x.values().get(first * width, values, 0, count * width);
          body.run(values, first, count, scratch[thread]);
          out.values().put(first * width, values, 0, count * width);
        });
  }
}
