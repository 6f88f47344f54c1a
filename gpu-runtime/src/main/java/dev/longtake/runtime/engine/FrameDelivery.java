package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.api.FrameSink;
import dev.longtake.runtime.engine.device.Readback;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/** Brings a take's decoded frames to its sink as bytes, and remembers the last of them. */
final class FrameDelivery implements TakeDecoder.Receiver {
  private final Readback readback;
  private final FrameHistory history;
  private final int clipFrames;
  private final ArrayDeque<Pending> pending = new ArrayDeque<>();
  private final float[] pixels;
  private final ByteBuffer rgb;
  private int nextSlot;
  private int frames;

  /** The frames of one latent frame, on their way to the host. */
  private record Pending(int slot, int count, int dropped) {}

  FrameDelivery(EngineShape shape, Readback readback) {
    int frameValues = shape.height() * shape.width() * VaeConfig.COLOURS;
    this.clipFrames = shape.clipFrames();
    this.readback = readback;
    this.history =
        new FrameHistory(ConditionEncoder.MOTION_VIDEO_FRAMES + shape.clipFrames(), frameValues);
    this.pixels = new float[shape.latentFrameValues()];
    this.rgb = ByteBuffer.allocate(frameValues);
  }

  /** Returns how many frames the sink was given. */
  int frames() {
    return frames;
  }

  FrameHistory history() {
    return history;
  }

  /**
   * Checks that a take can end after so many frames.
   *
   * @throws IllegalArgumentException if they do not end within the last clip
   */
  void requireEnd(int keptFrames) {
    checkArgument(
        keptFrames > 0 && keptFrames <= frames && keptFrames >= frames - clipFrames,
        "keptFrames must end the take within its last clip, but was %s of %s",
        keptFrames,
        frames);
  }

  /**
   * Queues bringing the frames of a latent frame to the host; at most those of one frame block may
   * be pending.
   */
  @Override
  public void add(Tensor decoded, int dropped) {
    readback.start(nextSlot, decoded);
    pending.add(new Pending(nextSlot, decoded.shape().extent(0), dropped));
    nextSlot = (nextSlot + 1) % DitConfig.BLOCK_FRAMES;
  }

  /** Gives all pending frames to the sink, and waits for them. */
  void deliverAll(FrameSink sink) {
    while (!pending.isEmpty()) {
      deliverNext(sink);
    }
  }

  /** Waits for the oldest pending frames and gives them to the sink; does nothing without any. */
  void deliverNext(FrameSink sink) {
    Pending next = pending.poll();
    if (next == null) {
      return;
    }
    readback.finish(next.slot(), pixels);
    int frameValues = rgb.capacity();
    for (int i = next.dropped(); i < next.count(); i++) {
      for (int j = 0; j < frameValues; j++) {
        float clamped = Math.max(-1f, Math.min(1f, pixels[i * frameValues + j]));
        rgb.put(j, (byte) (int) ((clamped + 1f) / 2f * 255f));
      }
      history.add(rgb.clear());
      sink.accept(frames, rgb.clear().asReadOnlyBuffer());
      frames++;
    }
  }
}
