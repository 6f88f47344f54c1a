package dev.longtake.runtime.engine;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.model.dit.LayerPass;
import dev.longtake.runtime.model.dit.LayerRange;
import dev.longtake.runtime.spi.DenoiseExecutor;
import dev.longtake.runtime.spi.LanePass;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives threads the device in turn, in the order in which they ask, and joins their forwards:
 * whoever's turn it is takes all that are waiting through the layers together.
 *
 * <p>A forward gives its turn up once, so that threads that are about to ask for one can join it:
 * until all takes that are being rendered have come, but no longer than the executor says. A take
 * whose thread does something else meanwhile, or has ended, so costs the others little.
 */
final class DeviceTurns {
  private final Runnable makeCurrent;
  private final DenoiseExecutor executor;
  private final ReentrantLock turn = new ReentrantLock(true);
  private final Condition changed = turn.newCondition();
  private final List<Forward> waiting = new ArrayList<>();
  private int rendering;

  /**
   * Begins with a free device.
   *
   * @param makeCurrent makes the device usable from the calling thread
   */
  DeviceTurns(Runnable makeCurrent, DenoiseExecutor executor) {
    this.makeCurrent = makeCurrent;
    this.executor = executor;
  }

  /** Does something when it is the calling thread's turn. */
  void run(Runnable work) {
    turn.lock();
    try {
      makeCurrent.run();
      work.run();
    } finally {
      turn.unlock();
    }
  }

  /** Returns what {@code work} gives when it is the calling thread's turn. */
  <T> T get(Supplier<T> work) {
    turn.lock();
    try {
      makeCurrent.run();
      return work.get();
    } finally {
      turn.unlock();
    }
  }

  /**
   * Does something outside of any turn, during which the thread will ask for forwards: those of
   * other threads wait for its own.
   */
  void render(Runnable work) {
    changeRendering(1);
    try {
      work.run();
    } finally {
      changeRendering(-1);
    }
  }

  private void changeRendering(int by) {
    turn.lock();
    try {
      rendering += by;
      changed.signalAll();
    } finally {
      turn.unlock();
    }
  }

  /**
   * Takes a forward through all layers, with those of other threads. To be called within {@link
   * #run}; others may have had the device when this returns.
   *
   * @throws IllegalStateException if the thread is interrupted while it waits; the forward has not
   *     begun then
   */
  void sweep(LanePass pass) {
    checkState(turn.getHoldCount() == 1, "a forward needs the turn, once");
    Forward own = new Forward(pass);
    waiting.add(own);
    changed.signalAll();
    try {
      long leftNanos = executor.patienceNanos();
      boolean gaveWay = false; // to those who already wait for the device, and may join
      while (!own.swept) {
        if (gaveWay && (waiting.size() >= rendering || leftNanos <= 0)) {
          sweepAll();
        } else {
          long nanos = gaveWay ? leftNanos : 1;
          leftNanos -= nanos - changed.awaitNanos(nanos);
          gaveWay = true;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      if (waiting.remove(own)) {
        throw new IllegalStateException("interrupted while a forward waited for others", e);
      }
    }
    own.requireSuccess();
  }

  private void sweepAll() {
    List<Forward> forwards = List.copyOf(waiting);
    waiting.clear();
    try {
      executor.sweep(forwards.stream().map(Forward::guarded).toList());
    } catch (RuntimeException | Error e) {
      forwards.forEach(forward -> forward.fail(e));
    } finally {
      forwards.forEach(forward -> forward.swept = true);
      changed.signalAll();
    }
  }

  /** A forward of one thread. What it throws is thrown to that thread, and the others go on. */
  private static final class Forward implements LayerPass {
    private final LanePass pass;
    private @Nullable Throwable failure;
    private boolean swept;

    Forward(LanePass pass) {
      this.pass = pass;
    }

    LanePass guarded() {
      return new LanePass(pass.caches(), pass.step(), this);
    }

    void fail(Throwable e) {
      if (failure == null) {
        failure = e;
      }
    }

    @Override
    public CacheUse use() {
      return pass.pass().use();
    }

    @Override
    public LayerRange layers() {
      return pass.pass().layers();
    }

    @Override
    public void layer(DitLayerWeights weights, LayerCaches caches) {
      if (failure != null) {
        return;
      }
      try {
        pass.pass().layer(weights, caches);
      } catch (RuntimeException | Error e) {
        failure = e;
      }
    }

    void requireSuccess() {
      Throwable cause = failure;
      if (cause instanceof Error error) {
        throw error;
      }
      if (cause instanceof RuntimeException exception) {
        throw exception;
      }
    }
  }
}
