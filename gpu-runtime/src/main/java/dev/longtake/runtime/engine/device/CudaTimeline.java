package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.cuda.CudaContext;
import dev.longtake.runtime.cuda.CudaEvent;
import dev.longtake.runtime.cuda.CudaStream;
import java.util.ArrayList;
import java.util.List;

/** Marks are events in a stream. */
final class CudaTimeline implements Timeline {
  private final CudaContext context;
  private final CudaStream stream;
  private final List<CudaEvent> events = new ArrayList<>();

  CudaTimeline(CudaContext context, CudaStream stream) {
    this.context = context;
    this.stream = stream;
  }

  @Override
  public int mark() {
    CudaEvent event = CudaEvent.open(context);
    events.add(event);
    event.record(stream);
    return events.size() - 1;
  }

  @Override
  public double millisBetween(int first, int second) {
    events.get(second).synchronize();
    return events.get(first).millisUntil(events.get(second));
  }

  @Override
  public void close() {
    events.forEach(CudaEvent::close);
    events.clear();
  }
}
