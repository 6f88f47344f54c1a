package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaEvent;
import dev.longtake.runtime.cuda.CudaStream;
import dev.longtake.runtime.spi.DeviceQueues;
import dev.longtake.runtime.spi.Fence;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.PinnedTensor;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Queues are streams, fences are events. */
final class CudaQueues implements DeviceQueues {
  private final CudaContext context;
  private final Map<Queue, CudaStream> streams = new EnumMap<>(Queue.class);
  private final List<CudaStream> owned = new ArrayList<>();
  private final List<CudaEvent> events = new ArrayList<>();

  private final LongAdder copiedBytes = new LongAdder();

  private CudaQueues(CudaContext context) {
    this.context = context;
  }

  /**
   * Opens the streams that copy.
   *
   * @param compute the stream that computes, which stays its owner's
   */
  static CudaQueues open(CudaContext context, CudaStream compute) {
    CudaQueues queues = new CudaQueues(context);
    try {
      for (Queue queue : Queue.values()) {
        if (queue == Queue.COMPUTE) {
          queues.streams.put(queue, compute);
          continue;
        }
        CudaStream stream = CudaStream.open(context);
        queues.owned.add(stream);
        queues.streams.put(queue, stream);
      }
    } catch (RuntimeException e) {
      queues.close();
      throw e;
    }
    return queues;
  }

  @Override
  public void copy(Queue queue, Tensor source, Tensor target) {
    target.require("target", source.dtype(), source.shape());
    copiedBytes.add(source.bytes());
    if (queue == Queue.OUT) {
      stream(queue).download(DeviceTensor.of(source).memory(), PinnedTensor.of(target).memory());
    } else {
      stream(queue).upload(PinnedTensor.of(source).memory(), DeviceTensor.of(target).memory());
    }
  }

  @Override
  public long copiedBytes() {
    return copiedBytes.sum();
  }

  @Override
  public Fence fence() {
    CudaEvent event = CudaEvent.open(context);
    events.add(event);
    return new CudaFence(this, event);
  }

  /** A fence of one GPU, whose event other GPUs' streams can wait for, too. */
  record CudaFence(CudaQueues queues, CudaEvent event) implements Fence {
    @Override
    public void set(Queue queue) {
      event.record(queues.stream(queue));
    }

    @Override
    public void holdBack(Queue queue) {
      queues.stream(queue).waitFor(event);
    }
  }

  CudaStream stream(Queue queue) {
    return streams.get(queue);
  }

  @Override
  public void close() {
    owned.forEach(CudaStream::close);
    events.forEach(CudaEvent::close);
    owned.clear();
    events.clear();
  }
}
