package dev.longtake.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.jna.NativeLibrary;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CudaDriverTest {
  private static final Duration MOST = Duration.ofSeconds(1);

  @Test
  void refusesAMachineWithoutDriverAtOnceAndInOneLine() {
    assumeFalse(hasDriver(), "this machine has an NVIDIA driver");
    for (int attempt = 0; attempt < 2; attempt++) { // the second fails differently inside JCuda
      long began = System.nanoTime();

      LongtakeException refused = catchThrowableOfType(LongtakeException.class, CudaDriver::load);

      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(MOST);
      assertThat(refused.code()).isEqualTo(ErrorCode.DEVICE_UNAVAILABLE);
      assertThat(refused)
          .hasMessage(
              "No GPU can be used: the NVIDIA driver library libcuda.so.1 cannot be loaded. "
                  + "Install the NVIDIA driver 530 or newer and give this process a GPU, "
                  + "or choose --device=cpu.");
    }
  }

  private static boolean hasDriver() {
    try {
      return NativeLibrary.getInstance("libcuda.so.1") != null;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }
}
