package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static dev.longtake.runtime.tensor.DType.FP32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.cuda.PackedBytes.Layout;
import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Fp8E4m3;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Needs compute capability 8.9. */
@Tag("gpu")
class KvPackParityTest {
  private static final int WIDTH = 128;
  private static final byte OTHERS = 0x55;

  // within a group, over its edge, exactly one, none complete, the real ones
  @ParameterizedTest
  @CsvSource({
    "0, 1, 1",
    "5, 9, 3",
    "15, 2, 2",
    "16, 16, 5",
    "13, 20, 2",
    "9, 71, 3",
    "1131, 3375, 7"
  })
  void everyBitIsRightAndOthersStay(int first, int count, int heads) {
    try (ParityTrial trial = ParityTrial.open(21);
        KernelModules modules = new KernelModules(trial.context())) {
      KvPackKernels kernels = new KvPackKernels(modules);
      CudaOps gpu = trial.gpu();
      // Wide enough for subnormals, for what is rounded to 0, and for what is beyond the largest.
      Pair plain = trial.input(150, BF16, count, heads, WIDTH);
      Pair small = trial.input(0.01, BF16, count, heads, WIDTH);
      Pair keys = trial.output(BF16, count, heads, WIDTH);
      Pair values = trial.output(BF16, count, heads, WIDTH);
      try (Arena.Scope scope = gpu.workspace().scope()) {
        int groups = (first + count + 15) / 16 + 1;
        DeviceTensor packedKeys = PackedBytes.allocate(gpu, groups, heads, WIDTH, OTHERS);
        DeviceTensor packedValues = PackedBytes.allocate(gpu, groups, heads, WIDTH, OTHERS);

        kernels.packKeys(gpu.stream(), plain.device(), packedKeys, first);
        kernels.packValues(gpu.stream(), small.device(), packedValues, first);
        kernels.unpackKeys(gpu.stream(), packedKeys, first, keys.device());
        kernels.unpackValues(gpu.stream(), packedValues, first, values.device());

        assertPacked(gpu, plain, first, PackedBytes::ofKey, packedKeys);
        assertPacked(gpu, small, first, PackedBytes::ofValue, packedValues);
        assertThat(ParityTrial.read(gpu, keys.device())).isEqualTo(rounded(gpu, plain));
        assertThat(ParityTrial.read(gpu, values.device())).isEqualTo(rounded(gpu, small));
      }
    }
  }

  // as above, and rows of one warp and of several
  @ParameterizedTest
  @CsvSource({
    "0, 1, 1, true",
    "5, 9, 3, true",
    "15, 2, 2, false",
    "16, 16, 5, true",
    "9, 71, 9, false",
    "1131, 3375, 7, true",
    "7, 113, 40, true",
    "8, 112, 40, false"
  })
  void turnedKeysAreThoseOfSeparateSteps(int first, int count, int heads, boolean normalized) {
    try (ParityTrial trial = ParityTrial.open(22);
        KernelModules modules = new KernelModules(trial.context())) {
      KvPackKernels kernels = new KvPackKernels(modules);
      CudaOps gpu = trial.gpu();
      Pair keys = trial.input(3, BF16, count, heads, WIDTH);
      Pair turned = trial.output(BF16, count, heads, WIDTH);
      Pair weight = trial.input(BF16, heads * WIDTH);
      Pair cos = trial.input(FP32, count, WIDTH / 2);
      Pair sin = trial.input(FP32, count, WIDTH / 2);
      try (Arena.Scope scope = gpu.workspace().scope()) {
        int groups = (first + count + 15) / 16 + 1;
        DeviceTensor packed = PackedBytes.allocate(gpu, groups, heads, WIDTH, OTHERS);

        kernels.packTurnedKeys(
            gpu.stream(),
            keys.device(),
            normalized ? weight.device() : null,
            1e-6f,
            cos.device(),
            sin.device(),
            packed,
            first);

        if (normalized) {
          gpu.rmsNormRope(
              keys.device(), weight.device(), 1e-6f, cos.device(), sin.device(), turned.device());
        } else {
          gpu.rope(keys.device(), cos.device(), sin.device(), turned.device());
        }
        assertPacked(gpu, turned, first, PackedBytes::ofKey, packed);
      }
    }
  }

  private static void assertPacked(
      CudaOps gpu, Pair plain, int first, Layout layout, DeviceTensor packed) {
    byte[] expected = PackedBytes.filled(packed, OTHERS);
    int heads = plain.device().shape().extent(1);
    PackedBytes.pack(ParityTrial.read(gpu, plain.device()), heads, WIDTH, first, layout, expected);
    assertThat(PackedBytes.read(gpu, packed)).isEqualTo(expected);
  }

  private static float[] rounded(CudaOps gpu, Pair plain) {
    float[] values = ParityTrial.read(gpu, plain.device());
    for (int i = 0; i < values.length; i++) {
      values[i] = Fp8E4m3.fromBits(Fp8E4m3.toBits(values[i]));
    }
    return values;
  }
}
