package dev.longtake.runtime.tensor;

/** The type of a tensor's elements. */
public enum DType {
  FP64(8),
  FP32(4),
  FP16(2),
  BF16(2),
  /** 4 exponent bits, 3 mantissa bits, no infinities, largest value 448. */
  FP8_E4M3(1),
  INT64(8),
  INT32(4),
  INT16(2),
  INT8(1),
  UINT8(1),
  BOOL(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Returns the bytes that one element takes. */
  public int bytes() {
    return bytes;
  }
}
