package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.api.FrameSink;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.engine.Handover.Slot;
import dev.longtake.runtime.engine.Handover.TakeEndedException;
import dev.longtake.runtime.sampling.TakeNoise;
import dev.longtake.runtime.spi.DeviceQueues.Queue;
import dev.longtake.runtime.spi.ModelShape;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A take that passes through a pipeline. Every stage has a thread, and the caller's thread decodes.
 * Stages work ahead, as far as there is sound and the stage behind has room.
 */
final class PipelineTake implements TakeSession {
  private final ModelShape model;
  private final PipelineLane lane;
  private final TakeSpec spec;
  private final ConditionEncoder conditions;
  private final Consumer<PipelineLane> giveBack;
  private final List<StageTake> stages = new ArrayList<>();
  private final FrameDelivery delivery;
  private final TakeDecoder decoder;
  private final List<CompletableFuture<@Nullable Void>> running = new ArrayList<>();
  private BlockPosition at = BlockPosition.FIRST;
  private int wantedClips; // guarded by this
  private boolean ended; // guarded by this
  private boolean closed;

  /**
   * Creates a take; does nothing yet.
   *
   * @param lane given back by {@link #close()}
   */
  PipelineTake(
      EngineShape shape,
      PipelineLane lane,
      TakeSpec spec,
      TakeNoise random,
      GenerationListener listener,
      ConditionEncoder conditions,
      Consumer<PipelineLane> giveBack) {
    this.model = shape.model();
    this.lane = lane;
    this.spec = spec;
    this.conditions = conditions;
    this.giveBack = giveBack;
    for (int stage = 0; stage < lane.stages(); stage++) {
      stages.add(stage(stage, random, listener));
    }
    this.delivery = new FrameDelivery(shape, lane.readback());
    PipelineDevice decoding = lane.decoder();
    this.decoder =
        new TakeDecoder(
            decoding.parts().media(),
            lane.decoderLane().decoding(),
            delivery,
            spec,
            new StageListener(listener, decoding.device(), decoding.ops()));
  }

  private StageTake stage(int stage, TakeNoise random, GenerationListener listener) {
    PipelineDevice device = lane.device(stage);
    Transformer transformer = device.parts().transformer();
    GenerationListener ofStage = new StageListener(listener, device.device(), device.ops());
    TakeDenoiser denoiser =
        new TakeDenoiser(
            transformer,
            lane.lane(stage).denoising(),
            spec,
            random,
            pass -> transformer.executor().sweep(List.of(pass)),
            ofStage);
    return new StageTake(device, lane.ways(stage), denoiser, ofStage);
  }

  /**
   * Lets the stages begin.
   *
   * @param threads one for each stage
   */
  void start(ExecutorService threads) {
    stages.forEach(StageTake::load);
    lane.decoder().run(decoder::prime);
    for (StageTake stage : stages) {
      running.add(CompletableFuture.runAsync(() -> work(stage), threads));
    }
  }

  private void work(StageTake stage) {
    try {
      stage.start();
      BlockPosition next = BlockPosition.FIRST;
      while (awaitWanted(next)) {
        stage.block(next);
        next = next.next(model);
      }
    } catch (TakeEndedException e) {
      return;
    } catch (RuntimeException e) {
      lane.end(e);
    } catch (Error e) {
      lane.end(new IllegalStateException("a stage of the pipeline failed", e));
      throw e;
    }
  }

  /** Waits until a block is asked for, or has sound; returns whether the take still goes on. */
  private synchronized boolean awaitWanted(BlockPosition block) {
    try {
      while (!ended && block.clip() >= wantedClips && !hasSound(block)) {
        wait();
      }
      return !ended;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean hasSound(BlockPosition block) {
    return block.firstSoundRow(model) < spec.audio().extent(0);
  }

  @Override
  public void renderClip(FrameSink sink) {
    checkState(!closed, "the take is closed");
    synchronized (this) {
      wantedClips = at.clip() + 1;
      notifyAll();
    }
    do {
      Slot latents = lane.latents().takeFilled();
      delivery.deliverAll(sink);
      lane.decoder().run(() -> decode(latents));
      at = at.next(model);
    } while (at.block() != 0);
    delivery.deliverAll(sink);
  }

  private void decode(Slot latents) {
    latents.arrived().holdBack(Queue.COMPUTE);
    decoder.decode(at, latents.latents());
    lane.latents().release(latents);
  }

  @Override
  public int frames() {
    return delivery.frames();
  }

  @Override
  public TakeState state(int keptFrames) {
    delivery.requireEnd(keptFrames);
    return lane.decoder().get(() -> conditions.end(delivery.history(), keptFrames));
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    synchronized (this) {
      ended = true;
      notifyAll();
    }
    lane.end(null);
    // A failure has been told to those who waited for the stage.
    running.forEach(stage -> stage.exceptionally(failure -> null).join());
    lane.reset();
    giveBack.accept(lane);
  }
}
