package dev.longtake.runtime.cuda;

import java.nio.ByteBuffer;

/** An attention over noise on the GPU, and what it should give. */
final class AttentionTrial {
  private static final int SAMPLES = 24;
  private static final float SHARPNESS = 4; // so that some keys count more than others

  private final Gpu gpu;
  private final AttentionShape shape;
  private final Noise q = new Noise(11);
  private final Noise k = new Noise(12);
  private final Noise v = new Noise(13);
  private final DeviceMemory qMemory;
  private final DeviceMemory kMemory;
  private final DeviceMemory vMemory;
  private final DeviceMemory out;

  AttentionTrial(Gpu gpu, AttentionShape shape) {
    this.gpu = gpu;
    this.shape = shape;
    this.qMemory = gpu.bf16(q, shape.queryBytes() / 2);
    this.kMemory = gpu.bf16(k, shape.keyBytes() / 2);
    this.vMemory = gpu.bf16(v, shape.keyBytes() / 2);
    this.out = gpu.allocate(shape.queryBytes());
  }

  float scale() {
    return (float) (SHARPNESS / Math.sqrt(shape.headWidth()));
  }

  void run(CudnnAttention attention) {
    attention.attend(gpu.stream(), shape, qMemory, kMemory, vMemory, scale(), out);
  }

  /** Returns the addresses of q, k, v and out. */
  long[] addresses() {
    return new long[] {qMemory.address(), kMemory.address(), vMemory.address(), out.address()};
  }

  void clear() {
    gpu.stream().fill8(out, (byte) 0xFF);
  }

  /** Returns the error of tokens and heads spread over the result. */
  double nmse() {
    ErrorSum error = new ErrorSum();
    for (int i = 0; i < SAMPLES; i++) {
      int token = (int) ((long) i * (shape.queries() - 1) / (SAMPLES - 1));
      int head = i * 7 % shape.heads();
      ByteBuffer actual = head(token, head);
      double[] expected = expected(token, head);
      for (int c = 0; c < shape.headWidth(); c++) {
        error.add(Gpu.bf16At(actual, c), expected[c]);
      }
    }
    return error.nmse();
  }

  /** Returns a number that changes with any bit of the first and last tokens of the result. */
  int fingerprint() {
    long bytes = Math.min(out.bytes(), 8L << 20);
    return gpu.download(out.part(0, bytes)).hashCode() * 31
        + gpu.download(out.part(out.bytes() - bytes, bytes)).hashCode();
  }

  private ByteBuffer head(int token, int head) {
    long bytes = 2L * shape.headWidth();
    return gpu.download(out.part(((long) token * shape.heads() + head) * bytes, bytes));
  }

  private double[] expected(int token, int head) {
    int width = shape.headWidth();
    double[] scores = new double[shape.keys()];
    double most = Double.NEGATIVE_INFINITY;
    for (int key = 0; key < shape.keys(); key++) {
      double sum = 0;
      for (int c = 0; c < width; c++) {
        sum += (double) q.bf16(index(token, head) + c) * k.bf16(index(key, head) + c);
      }
      scores[key] = sum * scale();
      most = Math.max(most, scores[key]);
    }
    double[] result = new double[width];
    double total = 0;
    for (int key = 0; key < shape.keys(); key++) {
      double share = Math.exp(scores[key] - most);
      total += share;
      for (int c = 0; c < width; c++) {
        result[c] += share * v.bf16(index(key, head) + c);
      }
    }
    for (int c = 0; c < width; c++) {
      result[c] /= total;
    }
    return result;
  }

  private long index(int token, int head) {
    return ((long) token * shape.heads() + head) * shape.headWidth();
  }
}
