package dev.longtake.runtime.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaDriver;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("gpu")
class DeviceBlockGpuTest {
  @Test
  void laysTensorsOutInOneAllocation() {
    try (CudaContext context = CudaContext.open(CudaDriver.load().device(0));
        DeviceBlock block = DeviceBlock.reserve(context, 4096)) {
      DeviceTensor first = block.tensor(256, DType.BF16, Shape.of(2, 64));
      Tensors second = new Tensors(block.part(512, 1024));

      assertThat(block.memory().address() % Arena.ALIGNMENT_BYTES).isZero();
      assertThat(first.address()).isEqualTo(block.memory().address() + 256);
      assertThat(first.isFollowedBy(second.at(0))).isTrue();
      assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> second.at(1024));
    }
  }

  private record Tensors(Block block) {
    DeviceTensor at(long offsetBytes) {
      return DeviceTensor.of(block.tensor(offsetBytes, DType.BF16, Shape.of(3, 64)));
    }
  }
}
