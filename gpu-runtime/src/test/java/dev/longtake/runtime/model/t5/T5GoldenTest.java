package dev.longtake.runtime.model.t5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.CheckpointWeightReader;
import dev.longtake.runtime.weights.PlannedWeightReader;
import dev.longtake.runtime.weights.SafetensorsFile;
import dev.longtake.runtime.weights.TorchPickleFile;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class T5GoldenTest {
  private static final Path BUNDLE = Path.of("src/test/resources/golden/small");
  private static final Path FILE =
      BUNDLE.resolve("ckpt/Wan2.2-S2V-14B/models_t5_umt5-xxl-enc-bf16.pth");
  private static final long BLOCK_BYTES = 64 << 20;

  /** The golden bundles' limit for single modules in fp32; measured: 4e-7. */
  private static final double MAX_RELATIVE_ERROR = 1e-5;

  private final TorchPickleFile file = TorchPickleFile.open(FILE);
  private final T5Config config = T5Config.of(file);
  private final HostBlock weightBlock = HostBlock.reserve(BLOCK_BYTES);
  private final HostBlock workspaceBlock = HostBlock.reserve(BLOCK_BYTES);
  private final CpuOps ops = new CpuOps(2, workspaceBlock);
  private final CheckpointWeightReader reader =
      new CheckpointWeightReader(file, ops, new Arena("weights", weightBlock));
  private T5Encoder encoder;

  @BeforeEach
  void readWeights() {
    T5Weights weights = T5Weights.read(reader, config);
    encoder = new T5Encoder(ops, config, weights, file.tensor(T5Config.TOKEN_EMBEDDING));
  }

  @AfterEach
  void free() {
    ops.close();
    workspaceBlock.close();
    weightBlock.close();
    file.close();
  }

  @Test
  void readsEveryTensorButTheEmbedding() {
    assertThat(reader.unreadNames()).isEqualTo(Set.of(T5Config.TOKEN_EMBEDDING));
  }

  @Test
  void givesTheOfficialContext() {
    try (SafetensorsFile golden = SafetensorsFile.open(BUNDLE.resolve("golden/t5.safetensors"))) {
      int prompts = golden.tensor("context").shape().extent(0);
      int textLength = golden.tensor("context").shape().extent(1);
      assertThat(prompts).isPositive();
      for (int prompt = 0; prompt < prompts; prompt++) {
        int[] ids = PromptTokenizerGoldenTest.tokens(golden, prompt, textLength);
        float[] expected = new float[ids.length * config.width()];
        golden
            .tensor("context")
            .read((long) prompt * textLength * config.width(), expected, 0, expected.length);
        assertThat(relativeError(encode(ids), expected))
            .as("prompt %s of %s tokens", prompt, ids.length)
            .isLessThan(MAX_RELATIVE_ERROR);
      }
    }
  }

  @Test
  void needsTheWorkspaceThatPlanningMeasures() {
    int[] ids = new int[17];
    encode(ids);
    long usedBytes = ops.workspace().peakBytes();

    Ops planning = new PlanningOps(DType.FP32);
    Arena arena = new Arena("planned weights", new PlannedBlock());
    T5Weights planned = T5Weights.read(new PlannedWeightReader(planning, arena), config);
    new T5Encoder(planning, config, planned, file.tensor(T5Config.TOKEN_EMBEDDING))
        .encode(ids, planning.workspace().tensor(DType.FP32, ids.length, config.width()));
    assertThat(planning.workspace().peakBytes()).isEqualTo(usedBytes);
  }

  @Test
  void refusesATokenOutsideTheVocabulary() {
    assertThatThrownBy(() -> encode(new int[] {1, config.vocabulary()}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("token %d is not in the vocabulary".formatted(config.vocabulary()));
  }

  private float[] encode(int[] ids) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor out = ops.workspace().tensor(DType.FP32, ids.length, config.width());
      encoder.encode(ids, out);
      float[] context = new float[ids.length * config.width()];
      ops.download(out, context, 0);
      return context;
    }
  }

  /** ‖actual − expected‖/‖expected‖; not a number, and so too large, if either holds a NaN. */
  private static double relativeError(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow((double) actual[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }
}
