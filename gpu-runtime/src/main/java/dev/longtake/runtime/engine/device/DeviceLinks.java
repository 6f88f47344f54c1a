package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.engine.device.CudaQueues.CudaFence;
import dev.longtake.runtime.spi.DeviceLink;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.spi.Fence;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.FloatBuffer;

/** Opens links between devices. */
public final class DeviceLinks {
  private DeviceLinks() {}

  /**
   * Opens the link from one device to another; close the result before the queues.
   *
   * @param queues of {@code from}, {@code toQueues} of {@code to}
   * @param quality as measured; says which way copies take
   */
  public static DeviceLink open(
      ComputeDevice from,
      DeviceQueues queues,
      ComputeDevice to,
      DeviceQueues toQueues,
      LinkQuality quality) {
    if (from.base() instanceof CudaCompute source && to.base() instanceof CudaCompute target) {
      CudaPath path =
          quality.kind() == LinkQuality.Kind.STAGED
              ? CudaPath.staged(source.context(), target.context())
              : CudaPath.peer(source.context(), target.context());
      return new CudaLink(path, (CudaQueues) queues, (CudaQueues) toQueues);
    }
    return new HostLink();
  }

  /** Returns a link for planning: it checks copies, and does none. */
  public static DeviceLink planned() {
    return new PlannedLink();
  }

  private static void require(Tensor source, Tensor target) {
    target.require("target", source.dtype(), source.shape());
  }

  private record CudaLink(CudaPath path, CudaQueues queues, CudaQueues toQueues)
      implements DeviceLink {
    @Override
    public void copy(Tensor source, Queue from, Tensor target, Queue to) {
      require(source, target);
      path.copy(
          DeviceTensor.of(source).memory(),
          queues.stream(from),
          DeviceTensor.of(target).memory(),
          toQueues.stream(to));
    }

    @Override
    public void fetch(Tensor source, Tensor target, Queue to) {
      require(source, target);
      path.fetch(
          DeviceTensor.of(source).memory(), DeviceTensor.of(target).memory(), toQueues.stream(to));
    }

    @Override
    public void fetch(Tensor source, Fence ready, Tensor target, Queue to) {
      require(source, target);
      path.fetchWhen(
          ((CudaFence) ready).event(),
          DeviceTensor.of(source).memory(),
          DeviceTensor.of(target).memory(),
          toQueues.stream(to));
    }

    @Override
    public void close() {
      path.close();
    }
  }

  /** Copies at once. */
  private record HostLink() implements DeviceLink {
    @Override
    public void copy(Tensor source, Queue from, Tensor target, Queue to) {
      require(source, target);
      FloatBuffer values = HostTensor.of(source).values();
      HostTensor.of(target).values().put(0, values, 0, values.capacity());
    }

    @Override
    public void fetch(Tensor source, Tensor target, Queue to) {
      copy(source, to, target, to);
    }

    @Override
    public void fetch(Tensor source, Fence ready, Tensor target, Queue to) {
      copy(source, to, target, to);
    }

    @Override
    public void close() {}
  }

  private record PlannedLink() implements DeviceLink {
    @Override
    public void copy(Tensor source, Queue from, Tensor target, Queue to) {
      require(source, target);
    }

    @Override
    public void fetch(Tensor source, Tensor target, Queue to) {
      require(source, target);
    }

    @Override
    public void fetch(Tensor source, Fence ready, Tensor target, Queue to) {
      require(source, target);
    }

    @Override
    public void close() {}
  }
}
