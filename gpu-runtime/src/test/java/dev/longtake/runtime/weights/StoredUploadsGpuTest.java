package dev.longtake.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.cuda.AlgorithmChoice;
import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaDriver;
import dev.longtake.runtime.cuda.NativeLibraries;
import dev.longtake.runtime.cuda.PinnedMemory;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.DeviceBlock;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.ops.cuda.CudaOps;
import dev.longtake.runtime.tensor.Bf16;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Fp16;
import dev.longtake.runtime.tensor.Fp8E4m3;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a GPU makes of files is what the host makes of them. */
@Tag("gpu")
class StoredUploadsGpuTest {
  private static final long DEVICE_BYTES = 256L << 20;

  @TempDir private Path directory;
  private final Random random = new Random(4);
  private CudaContext context;
  private DeviceBlock own;
  private DeviceBlock memory;
  private CudaOps ops;
  private Arena arena;

  @BeforeEach
  void open() {
    context = CudaContext.open(CudaDriver.load().device(0));
    own = DeviceBlock.reserve(context, ScratchBytes.FIXED + (1 << 20));
    memory = DeviceBlock.reserve(context, DEVICE_BYTES);
    ops = CudaOps.open(context, new NativeLibraries(null), AlgorithmChoice.FIRST, DType.BF16, own);
    arena = new Arena("parameters", memory);
  }

  @AfterEach
  void close() {
    ops.close();
    memory.close();
    own.close();
    context.close();
  }

  // The host's library sums in another order, so that a few of the sums that lie between two
  // numbers
  // of the type are rounded to the other one.
  @ParameterizedTest
  @CsvSource({
    "BF16, BF16, 1000, 1200, 128",
    "BF16, FP32, 301, 1001, 5",
    "BF16, BF16, 2000, 3000, 0",
    "FP32, BF16, 500, 700, 0",
    "FP32, FP32, 500, 700, 16",
    "FP16, FP16, 400, 900, 16",
    "FP16, FP32, 400, 900, 0"
  })
  void mergesAndRoundsAsTheHostDoes(DType stored, DType kept, int rows, int width, int rank) {
    try (TensorSource source = source(stored, rows, width, rank)) {
      WeightReader reader = new CheckpointWeightReader(source, ops, arena, WeightTypes.all(kept));

      Tensor weight = reader.tensor("w.weight", rows, width);

      float[] actual = new float[rows * width];
      ops.download(weight, actual, 0);
      float[] expected = SafetensorsBytes.read(source.tensor("w.weight"));
      int differing = 0;
      float furthest = 0;
      for (int i = 0; i < actual.length; i++) {
        float wanted = kept == DType.BF16 ? Bf16.round(expected[i]) : expected[i];
        differing += actual[i] == wanted ? 0 : 1;
        furthest = Math.max(furthest, Math.abs(actual[i] - wanted) - Math.abs(wanted) / 128);
      }
      assertThat(furthest).as("beyond the next number of the type").isZero();
      assertThat(differing).isLessThanOrEqualTo(rank == 0 ? 0 : actual.length / 1000);
    }
  }

  // Rounding to 3 mantissa bits; the scale of a row is what takes its largest number to 448.
  @ParameterizedTest
  @CsvSource({"BF16, 128", "BF16, 0", "FP32, 0", "FP16, 7"})
  void roundsRowsToFp8AsTheHostWould(DType stored, int rank) {
    int rows = 900;
    int width = 1111;
    try (TensorSource source = source(stored, rows, width, rank)) {
      WeightTypes types = new WeightTypes(DType.BF16, name -> true);
      WeightReader reader = new CheckpointWeightReader(source, ops, arena, types);

      Linear linear = reader.linearWithoutBias("w", rows, width);

      float[] scales = new float[rows];
      ops.download(linear.scale(), scales, 0);
      byte[] bits = bytes(DeviceTensor.of(linear.weight()));
      float[] merged = SafetensorsBytes.read(source.tensor("w.weight"));
      int differing = 0;
      for (int row = 0; row < rows; row++) {
        float largest = 0;
        for (int i = row * width; i < (row + 1) * width; i++) {
          largest = Math.max(largest, Math.abs(merged[i]));
        }
        float scale = largest == 0 ? 1 : largest / Fp8E4m3.LARGEST;
        assertThat(scales[row]).isBetween(scale * 0.99f, scale * 1.01f);
        for (int i = row * width; i < (row + 1) * width; i++) {
          differing += bits[i] == Fp8E4m3.toBits(merged[i] / scale) ? 0 : 1;
        }
      }
      assertThat(scales[rows - 1]).as("of a row of zeros").isEqualTo(1);
      assertThat(differing).isLessThanOrEqualTo(rank == 0 ? 0 : bits.length / 1000);
    }
  }

  private byte[] bytes(DeviceTensor tensor) {
    byte[] copied = new byte[Math.toIntExact(tensor.bytes())];
    try (PinnedMemory pinned = PinnedMemory.reserve(context, copied.length)) {
      ops.stream().download(tensor.memory(), pinned, 0);
      ops.synchronize();
      pinned.buffer().get(0, copied);
    }
    return copied;
  }

  /** Returns a matrix whose last row is zero, with an adapter unless the rank is 0. */
  private TensorSource source(DType dtype, int rows, int width, int rank) {
    float[] weight = gaussian(rows * width);
    float[] b = gaussian(rows * rank);
    Arrays.fill(weight, (rows - 1) * width, rows * width, 0);
    Arrays.fill(b, (rows - 1) * rank, rows * rank, 0);
    TensorSource base =
        SafetensorsFile.open(
            new SafetensorsBytes()
                .add("w.weight", name(dtype), new int[] {rows, width}, encode(dtype, weight))
                .write(directory.resolve("base.safetensors")));
    if (rank == 0) {
      return base;
    }
    float[] a = gaussian(rank * width);
    return LoraMerge.merge(
        base,
        SafetensorsFile.open(
            new SafetensorsBytes()
                .add(
                    "w.lora_A.weight",
                    name(DType.BF16),
                    new int[] {rank, width},
                    encode(DType.BF16, a))
                .add("w.lora_B.weight", new int[] {rows, rank}, b)
                .write(directory.resolve("lora.safetensors"))),
        0.1 * rank);
  }

  private static String name(DType dtype) {
    return dtype == DType.BF16 ? "BF16" : dtype == DType.FP16 ? "F16" : "F32";
  }

  private static byte[] encode(DType dtype, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      switch (dtype) {
        case BF16 -> bytes.putShort(Bf16.toBits(value));
        case FP16 -> bytes.putShort(Fp16.toBits(value));
        default -> bytes.putFloat(value);
      }
    }
    return bytes.array();
  }

  private float[] gaussian(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
