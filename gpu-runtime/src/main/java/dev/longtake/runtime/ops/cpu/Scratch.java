package dev.longtake.runtime.ops.cpu;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** One thread's working memory: rows in the Java heap, and a tile that OpenBLAS can read. */
final class Scratch implements AutoCloseable {
  /** Values that a tile should have: 512 KiB, to stay in a core's second-level cache. */
  static final int TILE_VALUES = 1 << 17;

  private FloatPointer tile = allocate(TILE_VALUES);
  private FloatBuffer tileValues = tile.asBuffer();
  private float[] row = new float[0];
  private float[] otherRow = new float[0];

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

  /** Makes the tile at least as large; what it held may be lost. */
  void reserveTile(int values) {
    if (tileValues.capacity() < values) {
      Pointer.free(tile);
      tile = allocate(values);
      tileValues = tile.asBuffer();
    }
  }

  /** Returns the tile's native address. */
  FloatPointer tile() {
    return tile;
  }

  /** Returns the tile's values; use absolute access only. */
  FloatBuffer tileValues() {
    return tileValues;
  }

  private static FloatPointer allocate(int values) {
    FloatPointer pointer = new FloatPointer(Pointer.malloc(values * (long) Float.BYTES));
    return pointer.capacity(values);
  }

  @Override
  public void close() {
    Pointer.free(tile);
  }
}
