package dev.longtake.runtime.strategy.sharded;

import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.model.dit.DitLayerWeights.AudioInjectorWeights;
import dev.longtake.runtime.spi.DeviceLink;
import dev.longtake.runtime.spi.Placement;
import dev.longtake.runtime.spi.WeightSource;
import dev.longtake.runtime.strategy.PartMemory;
import dev.longtake.runtime.weights.ArenaWeightReader;
import java.util.List;

/**
 * One device's view of layers that are divided among several. Layers and the audio injectors behind
 * some of them are dealt separately, and come to slots of their own. Layers take turns, so that
 * copying hides behind computing; injectors, which are far apart, make up for what else devices
 * have.
 */
final class SharedLayers implements WeightSource {
  private final DitConfig config;
  private final SharedParts<DitLayerWeights> layers;
  private final SharedParts<AudioInjectorWeights> injectors;

  private SharedLayers(
      DitConfig config,
      SharedParts<DitLayerWeights> layers,
      SharedParts<AudioInjectorWeights> injectors) {
    this.config = config;
    this.layers = layers;
    this.injectors = injectors;
  }

  /**
   * Reads what the device owns.
   *
   * @param firstBytes what the first device has that others have not
   */
  static SharedLayers load(
      DitConfig config,
      Shard shard,
      long firstBytes,
      ArenaWeightReader weights,
      Placement placement) {
    Deal layerDeal = Deal.oneByOne(shard, config.layers());
    int injectorCount = config.audioLayers().size();
    long[] held = layerDeal.bytes(layer(config, 0).bytes(weights));
    held[0] += firstBytes;
    Deal injectorDeal =
        Deal.toTheLeast(
            shard,
            injectorCount,
            injectorCount == 0 ? 0 : injector(config, 0).bytes(weights),
            held);
    SharedLayers shared =
        new SharedLayers(
            config,
            SharedParts.allocate(layerDeal, layer -> layer(config, layer), weights, placement),
            SharedParts.allocate(
                injectorDeal, injector -> injector(config, injector), weights, placement));
    for (int layer = 0; layer < config.layers(); layer++) {
      shared.layers.read(layer, layer(config, layer), weights, placement.device());
      int injector = config.injectorAfter(layer);
      if (injector >= 0) {
        shared.injectors.read(injector, injector(config, injector), weights, placement.device());
      }
    }
    return shared;
  }

  private static PartMemory<DitLayerWeights> layer(DitConfig config, int layer) {
    return reader -> DitLayerWeights.readWithoutAudio(reader, config, layer);
  }

  private static PartMemory<AudioInjectorWeights> injector(DitConfig config, int injector) {
    return reader -> AudioInjectorWeights.read(reader, injector, config.width());
  }

  /** Says where the parts of others are; see {@link SharedParts#connect}. */
  void connect(List<SharedLayers> all, List<DeviceLink> fromRank) {
    layers.connect(all.stream().map(each -> each.layers).toList(), fromRank);
    injectors.connect(all.stream().map(each -> each.injectors).toList(), fromRank);
  }

  /** Sweeps begin at the first layer. */
  @Override
  public void begin(int step, int layer) {
    layers.restart();
    injectors.restart();
  }

  @Override
  public DitLayerWeights acquire(int layer) {
    DitLayerWeights weights = layers.acquire(layer);
    int injector = config.injectorAfter(layer);
    return injector < 0 ? weights : weights.withAudio(injectors.acquire(injector));
  }

  @Override
  public void release(int layer) {
    layers.release(layer);
    int injector = config.injectorAfter(layer);
    if (injector >= 0) {
      injectors.release(injector);
    }
  }

  /** Lets what is computed from now on begin when nothing is on its way from other devices. */
  void awaitArrivals() {
    layers.awaitArrivals();
    injectors.awaitArrivals();
  }
}
