package dev.longtake.runtime.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.memory.OwnedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.DeviceLink;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.spi.Fence;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies between devices bring what was sent, in the order in which it was computed. */
class DeviceLinkTest {
  private static final long WORKSPACE_BYTES = 1 << 20;

  // Less than one staged piece, some of them, and one that no piece divides.
  private static final int[] ELEMENTS = {1, 1000, 3 << 20, (9 << 20) + 77};
  private static final int LARGEST = (9 << 20) + 77;

  @ParameterizedTest
  @ValueSource(strings = {"cpu:0,cpu:1", "cpu:0,cpu:1,cpu:2"})
  void copiesBetweenPartsOfTheCpu(String devices) {
    copiesFromTheFirstToTheLast(
        DeviceList.of(devices, Precision.FP32, Precision.FP32), LinkTable.staged(3));
  }

  @Test
  @Tag("gpu")
  void copiesBetweenGpusDirectly() {
    DeviceList gpus = DeviceList.of("cuda", Precision.BF16, Precision.BF16);
    assumeThat(gpus.size()).as("this test needs two GPUs").isGreaterThan(1);
    try (ComputeDevice first = gpus.open(0, 1);
        ComputeDevice last = gpus.open(gpus.size() - 1, 1)) {
      LinkTable table = LinkTable.measure(List.of(first, last));
      assertThat(table.between(0, 1).gigabytesPerSecond()).isGreaterThan(1);
      copies(first, last, table.between(0, 1));
    }
  }

  @Test
  @Tag("gpu")
  void copiesBetweenGpusThroughTheHost() {
    copiesFromTheFirstToTheLast(
        DeviceList.of("cuda", Precision.BF16, Precision.BF16), LinkTable.staged(2));
  }

  @Test
  void refusesAnotherType() {
    try (DeviceLink link = DeviceLinks.planned();
        OwnedBlock memory =
            DeviceList.of("cpu", Precision.FP32, Precision.FP32).open(0, 1).reserve(64)) {
      Tensor four = memory.tensor(0, DType.FP32, Shape.of(4));
      Tensor two = memory.tensor(0, DType.FP32, Shape.of(2));
      assertThatThrownBy(() -> link.copy(four, Queue.COMPUTE, two, Queue.COMPUTE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("target");
    }
  }

  private static void copiesFromTheFirstToTheLast(DeviceList devices, LinkTable table) {
    assumeThat(devices.size()).as("this test needs two devices").isGreaterThan(1);
    try (ComputeDevice first = devices.open(0, 1);
        ComputeDevice last = devices.open(devices.size() - 1, 1)) {
      copies(first, last, table.between(0, 1));
    }
  }

  private static void copies(ComputeDevice from, ComputeDevice to, LinkQuality quality) {
    long bytes = (long) LARGEST * Float.BYTES + 256;
    try (OwnedBlock source = from.reserve(bytes);
        OwnedBlock target = to.reserve(2 * bytes);
        OwnedBlock work = from.reserve(WORKSPACE_BYTES + from.fixedWorkspaceBytes());
        OwnedBlock toWork = to.reserve(WORKSPACE_BYTES + to.fixedWorkspaceBytes())) {
      from.makeCurrent();
      try (Ops ops = from.openOps(work);
          DeviceQueues queues = from.openQueues(ops)) {
        to.makeCurrent();
        try (Ops toOps = to.openOps(toWork);
            DeviceQueues toQueues = to.openQueues(toOps);
            DeviceLink link = DeviceLinks.open(from, queues, to, toQueues, quality)) {
          for (int elements : ELEMENTS) {
            Tensor sent = source.tensor(0, DType.FP32, Shape.of(elements));
            Tensor arrived = target.tensor(0, DType.FP32, Shape.of(elements));
            Tensor kept = target.tensor(bytes, DType.FP32, Shape.of(elements));
            float[] values = random(elements);
            from.makeCurrent();
            ops.upload(values, 0, sent);
            link.copy(sent, Queue.COMPUTE, arrived, Queue.CACHES_IN);
            ops.fill(sent, Float.NaN); // comes behind the copy
            Fence landed = toQueues.fence();
            landed.set(Queue.CACHES_IN);
            landed.holdBack(Queue.COMPUTE);
            to.makeCurrent();
            toOps.copy(arrived, kept);
            float[] actual = new float[elements];
            toOps.download(kept, actual, 0);
            assertThat(actual).isEqualTo(values);
          }
        }
        from.makeCurrent();
      }
    }
  }

  private static float[] random(int elements) {
    Random random = new Random(elements);
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }
}
