package dev.longtake.runtime.testing;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.CheckpointInfo;
import dev.longtake.runtime.api.CpuDevices;
import dev.longtake.runtime.api.DeviceHealth;
import dev.longtake.runtime.api.DeviceInfo;
import dev.longtake.runtime.api.DeviceLoad;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.Feasibility;
import dev.longtake.runtime.api.FeasibilityQuery;
import dev.longtake.runtime.api.FrameSize;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.engine.LongtakeEngineProvider;
import dev.longtake.runtime.model.picture.OutputSize;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Opens {@link FakeAvatarEngine engines} without a model, and remembers what was asked of them.
 *
 * <p>It can be sent along with a pipeline: within its process it stays the same object.
 */
public final class FakeEngineProvider implements EngineProvider, Serializable {
  /** Columns and rows of a video, where nobody asks for others. */
  public static final int SIDE = 128;

  private static final long serialVersionUID = 1L;
  private static final String DIGEST = "fa4e".repeat(16);
  private static final Map<String, FakeEngineProvider> OF_THIS_PROCESS = new ConcurrentHashMap<>();

  private final String id = UUID.randomUUID().toString();
  private final int audioLeadFrames;
  private final int takeSeconds;
  private final transient Object lock = new Object();
  private final transient List<OpenedTake> takes = new ArrayList<>();
  private final transient List<GeneratedClip> clips = new ArrayList<>();
  private final transient List<EndedTake> ends = new ArrayList<>();
  private final transient List<EngineConfig> engines = new ArrayList<>();
  private transient int enginesOpen;
  private transient int mostEnginesOpen;
  private transient int mostLanes;
  private transient Consumer<GeneratedClip> beforeClip = clip -> {};

  /**
   * A take that was begun.
   *
   * @param prompt that it was made from, {@code seed} likewise
   * @param take index in its video
   * @param start what it goes on from
   */
  public record OpenedTake(String prompt, long seed, int take, TakeState start) {}

  /**
   * A clip that was generated.
   *
   * @param prompt of its take
   * @param take index in its video, {@code clip} index in its take
   * @param number of all clips of this provider, from 1
   */
  public record GeneratedClip(String prompt, int take, int clip, int number) {}

  /**
   * The end of a take, for the next one to go on from.
   *
   * @param prompt of its take
   * @param take index in its video
   * @param keptFrames where it ends
   * @param state what it was given
   */
  public record EndedTake(String prompt, int take, int keptFrames, TakeState state) {}

  /** Opens engines of a checkpoint that wants 3 frames of silence, and takes of a minute. */
  public FakeEngineProvider() {
    this(3, 60);
  }

  /** Opens engines of a checkpoint that says this of itself. */
  public FakeEngineProvider(int audioLeadFrames, int takeSeconds) {
    this.audioLeadFrames = audioLeadFrames;
    this.takeSeconds = takeSeconds;
    OF_THIS_PROCESS.put(id, this);
  }

  /** Has something done before every clip from now on; what it throws, the engine throws. */
  public void beforeClip(Consumer<GeneratedClip> action) {
    synchronized (lock) {
      beforeClip = action;
    }
  }

  /** Has a clip fail, once: number {@code number} of all, from 1. */
  public void failAtClip(int number, Supplier<? extends RuntimeException> failure) {
    beforeClip(
        clip -> {
          if (clip.number() == number) {
            throw failure.get();
          }
        });
  }

  /** Returns all takes, in the order in which they were begun. */
  public List<OpenedTake> takes() {
    synchronized (lock) {
      return List.copyOf(takes);
    }
  }

  /** Returns all clips, those that failed among them, in the order in which they were begun. */
  public List<GeneratedClip> clips() {
    synchronized (lock) {
      return List.copyOf(clips);
    }
  }

  /** Returns all ends that were asked for, in that order. */
  public List<EndedTake> ends() {
    synchronized (lock) {
      return List.copyOf(ends);
    }
  }

  /** Returns what engines were opened with, in that order. */
  public List<EngineConfig> engines() {
    synchronized (lock) {
      return List.copyOf(engines);
    }
  }

  /** Returns how many engines are open now. */
  public int enginesOpen() {
    synchronized (lock) {
      return enginesOpen;
    }
  }

  /** Returns how many engines have been open at once. */
  public int mostEnginesOpen() {
    synchronized (lock) {
      return mostEnginesOpen;
    }
  }

  /** Returns how many takes have been in progress in one engine at once. */
  public int mostLanes() {
    synchronized (lock) {
      return mostLanes;
    }
  }

  @Override
  public AvatarEngine open(EngineConfig config) {
    synchronized (lock) {
      engines.add(config);
      enginesOpen++;
      mostEnginesOpen = Math.max(mostEnginesOpen, enginesOpen);
    }
    boolean isAuto = config.strategy().equals("auto");
    return new FakeAvatarEngine(this, isAuto ? config.withStrategy("resident") : config);
  }

  @Override
  public DeviceInfo device(String asked) {
    return new DeviceInfo("cpu", "cpu", List.of(Precision.FP32));
  }

  @Override
  public DeviceInfo deviceElsewhere(String asked) {
    return device(asked);
  }

  @Override
  public List<LeasableDevice> devices(String asked, String cpuDevices) {
    return cpuDevices.isEmpty()
        ? List.of(LeasableDevice.CPU)
        : CpuDevices.parse("cpuDevices", cpuDevices);
  }

  @Override
  public int devicesTogether(EngineConfig config, int available) {
    return config.strategy().equals("auto")
        ? 1 // there is no model to plan for
        : new LongtakeEngineProvider().devicesTogether(config, available);
  }

  @Override
  public DeviceHealth watch(LeasableDevice device) {
    return new DeviceHealth() {
      @Override
      public void check() {}

      @Override
      public List<DeviceLoad> load() {
        return Collections.nCopies(Math.max(1, device.members().size()), DeviceLoad.UNKNOWN);
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public Feasibility feasibility(FeasibilityQuery query) {
    throw new UnsupportedOperationException("a fake has no placements");
  }

  @Override
  public CheckpointInfo describe(String checkpointDir) {
    return new CheckpointInfo(
        audioLeadFrames, Optional.of(new FrameSize(SIDE, SIDE)), takeSeconds, 1);
  }

  @Override
  public String digest(String checkpointDir) {
    return DIGEST;
  }

  @Override
  public FrameSize frameSize(int pictureWidth, int pictureHeight, long areaPixels) {
    OutputSize size = OutputSize.forPicture(pictureHeight, pictureWidth, areaPixels);
    return new FrameSize(size.width(), size.height());
  }

  void engineClosed() {
    synchronized (lock) {
      enginesOpen--;
    }
  }

  void takeOpened(OpenedTake take, int lanes) {
    synchronized (lock) {
      takes.add(take);
      mostLanes = Math.max(mostLanes, lanes);
    }
  }

  void clipBegins(String prompt, int take, int clip) {
    GeneratedClip generated;
    Consumer<GeneratedClip> action;
    synchronized (lock) {
      generated = new GeneratedClip(prompt, take, clip, clips.size() + 1);
      clips.add(generated);
      action = beforeClip;
    }
    action.accept(generated);
  }

  void takeEnds(EndedTake end) {
    synchronized (lock) {
      ends.add(end);
    }
  }

  private Object readResolve() {
    return OF_THIS_PROCESS.get(id);
  }
}
