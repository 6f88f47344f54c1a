package dev.longtake.runtime.ops.cuda;

import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Fp8E4m3;
import dev.longtake.runtime.tensor.Shape;
import java.util.Arrays;

/** Packed keys or values: what the bytes must be, and those on a GPU. */
final class PackedBytes {
  private PackedBytes() {}

  /** Where a token's channel is among the bytes of keys, or of values. */
  interface Layout {
    int at(int token, int head, int channel, int heads, int headWidth);
  }

  static int ofKey(int token, int head, int channel, int heads, int headWidth) {
    int r = token % KvCache.GROUP_TOKENS;
    int half = (token / KvCache.GROUP_TOKENS * heads + head) * 2 + r / 8;
    return half * 8 * headWidth + channel / 16 * 128 + r % 8 * 16 + channel % 16;
  }

  static int ofValue(int token, int head, int channel, int heads, int headWidth) {
    int r = token % KvCache.GROUP_TOKENS;
    int place = r < 8 ? 4 * (r / 2) + r % 2 : 4 * ((r - 8) / 2) + 2 + r % 2;
    int start = (token / KvCache.GROUP_TOKENS * heads + head) * KvCache.GROUP_TOKENS * headWidth;
    return start + channel * KvCache.GROUP_TOKENS + place;
  }

  /** Writes tokens [count, heads, headWidth] into {@code packed}, from token {@code first} on. */
  static void pack(
      float[] tokens, int heads, int headWidth, int first, Layout layout, byte[] packed) {
    for (int i = 0; i < tokens.length; i++) {
      int channel = i % headWidth;
      int head = i / headWidth % heads;
      int token = first + i / headWidth / heads;
      packed[layout.at(token, head, channel, heads, headWidth)] = Fp8E4m3.toBits(tokens[i]);
    }
  }

  /** Takes workspace for packed tokens, every byte of it {@code fill}. */
  static DeviceTensor allocate(CudaOps gpu, int groups, int heads, int headWidth, byte fill) {
    DeviceTensor packed =
        DeviceTensor.of(
            gpu.workspace()
                .tensor(DType.FP8_E4M3, groups, heads, KvCache.GROUP_TOKENS * headWidth));
    gpu.fill(words(packed), Float.intBitsToFloat((fill & 0xFF) * 0x01010101));
    return packed;
  }

  static byte[] read(CudaOps gpu, DeviceTensor packed) {
    float[] words = ParityTrial.read(gpu, words(packed));
    byte[] bytes = new byte[words.length * Float.BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (Float.floatToRawIntBits(words[i / 4]) >>> (i % 4 * 8));
    }
    return bytes;
  }

  static byte[] filled(DeviceTensor packed, byte fill) {
    byte[] bytes = new byte[Math.toIntExact(packed.bytes())];
    Arrays.fill(bytes, fill);
    return bytes;
  }

  private static DeviceTensor words(DeviceTensor packed) {
    int count = Math.toIntExact(packed.bytes() / Float.BYTES);
    return new DeviceTensor(DType.FP32, Shape.of(count), packed.memory());
  }
}
