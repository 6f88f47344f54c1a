package dev.longtake.transforms.render;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.api.LongtakeException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ProgressWatchTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final ProgressWatch watch = new ProgressWatch();

  @Test
  void returnsWhatTheWorkReturns() throws Exception {
    assertThat(watch.call(() -> "made", () -> LONG)).isEqualTo("made");
  }

  @Test
  void throwsWhatTheWorkThrows() {
    assertThatExceptionOfType(InvalidRequestException.class)
        .isThrownBy(() -> watch.call(() -> fail(new InvalidRequestException("no")), () -> LONG));
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> watch.call(() -> fail(new IOException("disk")), () -> LONG))
        .withMessage("disk");
  }

  @Test
  void workThatGoesOnMayTakeLongerThanTheBound() throws Exception {
    Duration bound = Duration.ofMillis(500);
    long started = System.nanoTime();

    watch.call(
        () -> {
          while (System.nanoTime() - started < 3 * bound.toNanos()) {
            watch.progress();
            Thread.onSpinWait();
          }
          return "made";
        },
        () -> bound);

    assertThat(Duration.ofNanos(System.nanoTime() - started)).isGreaterThan(bound);
  }

  @Test
  void whatHangsIsLeftBehindAndEndsWhenItComesBack() throws Exception {
    CountDownLatch back = new CountDownLatch(1);
    AtomicReference<RuntimeException> end = new AtomicReference<>();
    CountDownLatch ended = new CountDownLatch(1);

    assertThatExceptionOfType(ProgressWatch.HangException.class)
        .isThrownBy(
            () ->
                watch.call(
                    () -> {
                      back.await();
                      try {
                        watch.progress();
                      } catch (RuntimeException e) {
                        end.set(e);
                      }
                      ended.countDown();
                      return "too late";
                    },
                    () -> Duration.ofMillis(100)))
        .matches(hang -> hang.code() == ErrorCode.DEVICE_FAULT)
        .isInstanceOf(LongtakeException.class);
    back.countDown();

    assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(end.get()).isInstanceOf(CancellationException.class);
  }

  @Test
  void anInterruptEndsTheWorkAtItsNextStep() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    AtomicReference<Thread> worker = new AtomicReference<>();
    FutureTask<String> call =
        new FutureTask<>(
            () ->
                watch.call(
                    () -> {
                      worker.set(Thread.currentThread());
                      begun.countDown();
                      while (true) {
                        watch.progress();
                      }
                    },
                    () -> LONG));
    Thread waiting = new Thread(call, "waiting");
    waiting.start();
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();

    waiting.interrupt();
    waiting.join();

    assertThatExceptionOfType(Exception.class)
        .isThrownBy(call::get)
        .withCauseInstanceOf(InterruptedException.class);
    assertThat(worker.get().isAlive()).isFalse();
  }

  @Test
  void theBoundFollowsFromThePlanAndThenFromTheSlowestClip() {
    Duration planned = Duration.ofSeconds(30);

    assertThat(HangBound.USUAL.after(Duration.ZERO, Duration.ZERO)).hasMinutes(20);
    assertThat(HangBound.USUAL.after(Duration.ZERO, planned)).hasMinutes(15);
    assertThat(HangBound.USUAL.after(Duration.ofSeconds(1), planned)).hasMinutes(1);
    assertThat(HangBound.USUAL.after(Duration.ofSeconds(60), planned)).hasMinutes(20);
  }

  private static String fail(Exception failure) throws Exception {
    throw failure;
  }
}
