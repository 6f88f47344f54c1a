package dev.longtake.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class KernelArgsTest {
  private static final DeviceMemory MEMORY = new DeviceMemory(0x7F00_1234_5678L, 16);

  @Test
  void alignsEachArgumentToItsOwnSizeAsCDoes() {
    KernelArgs args =
        new KernelArgs().int32(7).pointer(MEMORY).float32(1.5f).int64(-2).int32(3).nullPointer();

    ByteBuffer bytes = copyOf(args);

    assertThat(args.bytes()).isEqualTo(48);
    assertThat(bytes.getInt(0)).isEqualTo(7);
    assertThat(bytes.getLong(8)).isEqualTo(MEMORY.address());
    assertThat(bytes.getFloat(16)).isEqualTo(1.5f);
    assertThat(bytes.getLong(24)).isEqualTo(-2);
    assertThat(bytes.getInt(32)).isEqualTo(3);
    assertThat(bytes.getLong(40)).isZero();
  }

  @Test
  void fillsGapsWithZerosWhenReused() {
    KernelArgs args = new KernelArgs().int64(-1).int64(-1).reset().int32(1).int64(2);

    ByteBuffer bytes = copyOf(args);

    assertThat(args.bytes()).isEqualTo(16);
    assertThat(bytes.getInt(4)).isZero();
    assertThat(bytes.getLong(8)).isEqualTo(2);
  }

  @Test
  void growsUpToWhatAKernelTakes() {
    KernelArgs args = new KernelArgs();
    for (int i = 0; i < KernelArgs.MAX_BYTES / Long.BYTES; i++) {
      args.int64(i);
    }

    assertThat(copyOf(args).getLong(KernelArgs.MAX_BYTES - Long.BYTES)).isEqualTo(511);
    assertThatIllegalStateException().isThrownBy(() -> args.int32(0)).withMessageContaining("4096");
  }

  @Test
  void tellsWhereEachArgumentLiesAndThatTensorMapsAreTheDriversToPlace() {
    KernelArgs args = new KernelArgs().int32(1).tensorMap(new TensorMap(new long[16])).int32(2);

    assertThat(args.count()).isEqualTo(3);
    assertThat(args.offset(0)).isZero();
    assertThat(args.offset(1)).isEqualTo(64);
    assertThat(args.offset(2)).isEqualTo(192);
    assertThat(args.isPacked()).isFalse();
    assertThat(args.reset().int32(1).isPacked()).isTrue();
    assertThat(args.count()).isEqualTo(1);
  }

  private static ByteBuffer copyOf(KernelArgs args) {
    ByteBuffer target =
        ByteBuffer.allocateDirect(KernelArgs.MAX_BYTES).order(ByteOrder.nativeOrder());
    args.copyTo(target);
    return target;
  }
}
