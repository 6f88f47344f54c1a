package dev.longtake.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.tensor.DType;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuantisedWeightsTest {
  @Test
  void onlyChosenMatricesAreQuantised() {
    WeightTypes types = new WeightTypes(DType.BF16, name -> name.startsWith("blocks."));
    PlannedWeightReader reader =
        new PlannedWeightReader(new Arena("planned", new PlannedBlock()), types);

    Linear layer = reader.linear("blocks.0.ffn.0", 32, 16);
    Linear head = reader.linear("head.head", 32, 16);

    assertThat(layer.weight().dtype()).isEqualTo(DType.FP8_E4M3);
    assertThat(layer.scale()).isNotNull();
    assertThat(layer.bias().dtype()).isEqualTo(DType.BF16);
    assertThat(head.weight().dtype()).isEqualTo(DType.BF16);
    assertThat(head.scale()).isNull();
    assertThat(reader.tensor("blocks.0.modulation", 4).dtype()).isEqualTo(DType.BF16);
  }

  @Test
  void randomWeightsTakeWhatReadOnesTakeAndTheirPools() {
    WeightTypes types = new WeightTypes(DType.BF16, name -> name.startsWith("blocks."));
    Arena planned = new Arena("planned", new PlannedBlock());
    Arena random = new Arena("random", new PlannedBlock());
    try (Ops ops = new PlanningOps(DType.BF16)) {
      WeightReader filling = new RandomWeightReader(ops, random, types, 1);
      for (WeightReader reader : List.of(new PlannedWeightReader(planned, types), filling)) {
        reader.linear("blocks.0.ffn.0", 3000, 2000);
        reader.linearWithoutBias("head", 3000, 2000);
        reader.tensor("norm", 2000);
      }
    }
    long pools = (1L << 22) + (2L << 22); // one in FP8, one in bf16
    assertThat(random.peakBytes()).isEqualTo(planned.peakBytes() + pools);
  }
}
