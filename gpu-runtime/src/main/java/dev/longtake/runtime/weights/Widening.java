package dev.longtake.runtime.weights;

import dev.longtake.runtime.tensor.Bf16;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Fp16;
import dev.longtake.runtime.tensor.Fp8E4m3;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;

/** Turns stored elements of any type into fp32. */
final class Widening {
  /** Elements that are copied out of a file at once; a loop over an array is faster. */
  private static final int PIECE = 4096;

  private Widening() {}

  /**
   * Widens elements at equal distances.
   *
   * @param bytes little-endian; read with absolute access only
   * @param start where the first element begins
   * @param stride from one element's beginning to the next one's, in bytes
   */
  static void widen(
      ByteBuffer bytes, int start, int stride, DType dtype, float[] out, int outOffset, int count) {
    switch (dtype) {
      case FP64 -> {
        for (int i = 0; i < count; i++) {
          out[outOffset + i] = (float) bytes.getDouble(start + i * stride);
        }
      }
      case FP32 -> widenFp32(bytes, start, stride, out, outOffset, count);
      case FP16 -> {
        for (int i = 0; i < count; i++) {
          out[outOffset + i] = Fp16.fromBits(bytes.getShort(start + i * stride));
        }
      }
      case BF16 -> widenBf16(bytes, start, stride, out, outOffset, count);
      case FP8_E4M3 -> {
        for (int i = 0; i < count; i++) {
          out[outOffset + i] = Fp8E4m3.fromBits(bytes.get(start + i * stride));
        }
      }
      default -> widenIntegers(bytes, start, stride, dtype, out, outOffset, count);
    }
  }

  private static void widenFp32(
      ByteBuffer bytes, int start, int stride, float[] out, int outOffset, int count) {
    if (stride == Float.BYTES) {
      bytes
          .slice(start, count * Float.BYTES)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(out, outOffset, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      out[outOffset + i] = bytes.getFloat(start + i * stride);
    }
  }

  private static void widenBf16(
      ByteBuffer bytes, int start, int stride, float[] out, int outOffset, int count) {
    if (stride == Short.BYTES) {
      short[] bits = new short[Math.min(count, PIECE)];
      ShortBuffer stored =
          bytes.slice(start, count * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
      for (int done = 0; done < count; done += bits.length) {
        int piece = Math.min(bits.length, count - done);
        stored.get(bits, 0, piece);
        for (int i = 0; i < piece; i++) {
          out[outOffset + done + i] = Bf16.fromBits(bits[i]);
        }
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      out[outOffset + i] = Bf16.fromBits(bytes.getShort(start + i * stride));
    }
  }

  private static void widenIntegers(
      ByteBuffer bytes, int start, int stride, DType dtype, float[] out, int outOffset, int count) {
    for (int i = 0; i < count; i++) {
      int position = start + i * stride;
      out[outOffset + i] =
          switch (dtype) {
            case INT64 -> bytes.getLong(position);
            case INT32 -> bytes.getInt(position);
            case INT16 -> bytes.getShort(position);
            case INT8 -> bytes.get(position);
            case UINT8 -> bytes.get(position) & 0xFF;
            case BOOL -> bytes.get(position) == 0 ? 0 : 1;
            default -> throw new AssertionError("not an integer type: " + dtype);
          };
    }
  }
}
