package dev.longtake.runtime.ops.cpu;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** One thread's working memory: rows in the Java heap, and a tile that OpenBLAS can read. */
final class Scratch implements AutoCloseable {
  /** Most values a tile has: 1 MiB, to stay in a core's second-level cache. */
  static final int TILE_VALUES = 1 << 18;

  private final FloatPointer memory = new FloatPointer(Pointer.malloc(TILE_VALUES * 4L));
  private final FloatPointer tile;
  private final FloatBuffer tileValues;
  private float[] row = new float[0];
  private float[] otherRow = new float[0];

  Scratch() {
    memory.capacity(TILE_VALUES);
    tileValues = memory.asBuffer();
    tile = new FloatPointer(tileValues);
  }

  /** Returns an array of at least {@code values} values, the same at every call. */
  float[] row(int values) {
    if (row.length < values) {
      row = new float[values];
    }
    return row;
  }

  /** Returns a second array, independent of {@link #row}. */
  float[] otherRow(int values) {
    if (otherRow.length < values) {
      otherRow = new float[values];
    }
    return otherRow;
  }

  FloatPointer tile() {
    return tile;
  }

  FloatBuffer tileValues() {
    return tileValues;
  }

  @Override
  public void close() {
    Pointer.free(memory);
  }
}
