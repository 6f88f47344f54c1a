package dev.longtake.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.google.common.collect.Iterables;
import dev.longtake.runtime.api.DeviceLoad;
import dev.longtake.runtime.api.LongtakeException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Memory, kernels, graphs and errors on a real GPU. */
@Tag("gpu")
class CudaGpuTest {
  private static final int COUNT = 1001;

  @Test
  void copiesBothWaysAtAnyOffset() {
    try (Gpu gpu = Gpu.open();
        PinnedMemory host = PinnedMemory.reserve(gpu.context(), 64)) {
      DeviceMemory memory = gpu.allocate(64);
      gpu.stream().fill8(memory, (byte) 1);
      host.buffer().putInt(12, 0x01020304);
      gpu.stream().upload(host, 12, memory.part(20, 4));
      gpu.stream().download(memory.part(20, 8), host, 40);
      gpu.stream().synchronize();

      assertThat(host.buffer().getInt(40)).isEqualTo(0x01020304);
      assertThat(host.buffer().getInt(44)).isEqualTo(0x01010101);
    }
  }

  @Test
  void launchesAKernelWithEveryKindOfArgument() {
    try (Gpu gpu = Gpu.open();
        CudaModule module = CudaModule.load(gpu.context(), "tiny.ptx", TinyKernel.PTX)) {
      Noise noise = new Noise(1);
      DeviceMemory in = gpu.fp32(noise, COUNT);
      DeviceMemory out = gpu.allocate(COUNT * 4L);
      CudaFunction function = module.function(TinyKernel.NAME);

      function.launch(
          gpu.stream(), LaunchShape.covering(COUNT, 256), TinyKernel.args(in, COUNT, out, 2f, -3));

      ByteBuffer values = gpu.download(out);
      for (int i = 0; i < COUNT; i++) {
        assertThat(values.getFloat(i * 4)).isEqualTo(2 * noise.bf16(i) - 3);
      }
    }
  }

  @Test
  void saysHowBusyTheGpuIsOnAThreadWithoutAContext() throws Exception {
    try (Gpu gpu = Gpu.open();
        GpuHealth health = GpuHealth.watch(gpu.context().device(), new NativeLibraries(null))) {
      long before = loadOnAnotherThread(health).usedBytes();
      gpu.allocate(1L << 30);
      DeviceLoad load = loadOnAnotherThread(health);

      assertThat(load.usedBytes() - before).isBetween(1L << 29, 1L << 31); // others may use it
      long byCuda = gpu.context().device().totalBytes() - gpu.context().freeBytes();
      assertThat(load.usedBytes()).as("as CUDA says").isCloseTo(byCuda, within(1L << 28));
      assertThat(load.utilization()).isBetween(0.0, 1.0);
      health.close();
      assertThat(loadOnAnotherThread(health)).isNotNull();
    }
  }

  private static DeviceLoad loadOnAnotherThread(GpuHealth health) throws Exception {
    FutureTask<List<DeviceLoad>> task = new FutureTask<>(health::load);
    new Thread(task, "load").start();
    return Iterables.getOnlyElement(task.get(30, TimeUnit.SECONDS));
  }

  @Test
  void replaysAGraph() {
    try (Gpu gpu = Gpu.open();
        CudaModule module = CudaModule.load(gpu.context(), "tiny.ptx", TinyKernel.PTX)) {
      DeviceMemory memory = gpu.fp32(new Noise(1), COUNT);
      CudaFunction function = module.function(TinyKernel.NAME);
      KernelArgs args = TinyKernel.args(memory, COUNT, memory, 1f, 1);
      float before = gpu.download(memory).getFloat(0);

      try (CudaGraph graph =
          CudaGraph.capture(
              gpu.stream(),
              () -> function.launch(gpu.stream(), LaunchShape.covering(COUNT, 256), args))) {
        graph.launch(gpu.stream());
        graph.launch(gpu.stream());

        assertThat(gpu.download(memory).getFloat(0)).isEqualTo(before + 2);
      }
    }
  }

  @Test
  void namesKernelShapeAndErrorOfARefusedLaunch() {
    try (Gpu gpu = Gpu.open();
        CudaModule module = CudaModule.load(gpu.context(), "tiny.ptx", TinyKernel.PTX)) {
      CudaFunction function = module.function(TinyKernel.NAME);

      assertThatExceptionOfType(CudaException.class)
          .isThrownBy(
              () ->
                  function.launch(gpu.stream(), new LaunchShape(1, 32, 1 << 20), new KernelArgs()))
          .withMessageStartingWith(
              "Launch of scale_and_add failed with CUDA_ERROR_INVALID_VALUE (1) on GPU 0")
          .withMessageEndingWith("grid=1x1x1 block=32 shared=1048576 B.");
    }
  }

  @Test
  void showsTheCompilersLogForBrokenPtx() {
    try (Gpu gpu = Gpu.open()) {
      String broken = TinyKernel.PTX.replace("fma.rn.f32", "fmb.rn.f32");

      assertThatExceptionOfType(LongtakeException.class)
          .isThrownBy(() -> CudaModule.load(gpu.context(), "tiny.ptx", broken))
          .withMessageContaining("cannot compile tiny.ptx")
          .withMessageContaining("fmb");
    }
  }

  @Test
  void saysHowMuchMemoryThereIsWhenItIsNotEnough() {
    try (Gpu gpu = Gpu.open()) {
      assertThatExceptionOfType(LongtakeException.class)
          .isThrownBy(() -> DeviceAllocation.reserve(gpu.context(), 1L << 45))
          .withMessageContaining("refused 32768.00 GiB");
    }
  }
}
