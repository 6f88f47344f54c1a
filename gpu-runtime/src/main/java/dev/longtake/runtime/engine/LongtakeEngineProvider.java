package dev.longtake.runtime.engine;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.CheckpointInfo;
import dev.longtake.runtime.api.DeviceHealth;
import dev.longtake.runtime.api.DeviceInfo;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.Feasibility;
import dev.longtake.runtime.api.FeasibilityQuery;
import dev.longtake.runtime.api.FrameSize;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.engine.device.DeviceList;
import dev.longtake.runtime.model.picture.OutputSize;
import dev.longtake.runtime.weights.Checkpoint;
import dev.longtake.runtime.weights.CheckpointSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Opens Longtake's own engine. */
@AutoService(EngineProvider.class)
public final class LongtakeEngineProvider implements EngineProvider {
  private static final int NUMERICS_VERSION = 5;

  @Override
  public AvatarEngine open(EngineConfig config) {
    DeviceList.of(config.device(), config.precision(), config.kvPrecision()).requireAvailable();
    return Engines.open(config, source(config.checkpointDir()));
  }

  private static ModelSource source(String checkpointDir) {
    return ModelSource.of(Checkpoint.open(Path.of(checkpointDir)), checkpointDir);
  }

  @Override
  public void requireFits(String checkpointDir, Supplier<EngineConfig> config) {
    try (Checkpoint checkpoint = Checkpoint.open(Path.of(checkpointDir))) {
      CompletableFuture<Void> headers = CompletableFuture.runAsync(checkpoint::readHeaders);
      EngineConfig made;
      try {
        made = config.get();
      } finally {
        headers.exceptionally(failure -> null).join(); // it comes again when they are used
      }
      Engines.requireFits(made, ModelSource.of(checkpoint, checkpointDir));
    }
  }

  @Override
  public DeviceInfo device(String asked) {
    return DeviceChoice.look(asked);
  }

  @Override
  public DeviceInfo deviceElsewhere(String asked) {
    return DeviceChoice.elsewhere(asked);
  }

  @Override
  public List<LeasableDevice> devices(String asked, String cpuDevices) {
    return DeviceChoice.leasable(asked, cpuDevices);
  }

  @Override
  public int devicesTogether(EngineConfig config, int available) {
    return Engines.devicesTogether(config, available, () -> source(config.checkpointDir()));
  }

  @Override
  public DeviceHealth watch(LeasableDevice device) {
    return DeviceChoice.watch(device);
  }

  @Override
  public Feasibility feasibility(FeasibilityQuery query) {
    return PlacementReport.answer(query);
  }

  @Override
  public CheckpointInfo describe(String checkpointDir) {
    try (Checkpoint checkpoint = Checkpoint.open(Path.of(checkpointDir))) {
      CheckpointSettings settings = checkpoint.settings();
      return new CheckpointInfo(
          settings.audioLeadFrames(),
          settings.size().map(size -> new FrameSize(size.width(), size.height())),
          settings.takeSeconds(),
          NUMERICS_VERSION);
    }
  }

  @Override
  public String digest(String checkpointDir) {
    try (Checkpoint checkpoint = Checkpoint.open(Path.of(checkpointDir))) {
      return checkpoint.digest();
    }
  }

  @Override
  public FrameSize frameSize(int pictureWidth, int pictureHeight, long areaPixels) {
    OutputSize size = OutputSize.forPicture(pictureHeight, pictureWidth, areaPixels);
    return new FrameSize(size.width(), size.height());
  }
}
