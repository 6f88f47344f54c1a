package dev.longtake.runtime.tools.verify;

import com.google.common.primitives.Floats;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.engine.GenerationListener;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.model.dit.Rope3d;
import dev.longtake.runtime.model.dit.TokenGrid;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.spi.KvStore;
import dev.longtake.runtime.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** Compares what a rollout goes through with what the bundle has of it. */
final class RolloutRecorder implements GenerationListener {
  private static final String FILE = RolloutCases.FILE;

  private final GoldenBundle bundle;
  private final Set<String> golden;
  private final Ops ops;
  private final DitConfig config;
  private final CaseLog log;
  private final Map<Integer, float[]> latents = new HashMap<>();
  private int layers;

  RolloutRecorder(GoldenBundle bundle, Ops ops, DitConfig config, CaseLog log) {
    this.bundle = bundle;
    this.golden = bundle.names(FILE);
    this.ops = ops;
    this.config = config;
    this.log = log;
  }

  @Override
  public void conditioned(int clip, KvStore caches) {
    if (clip != 0) {
      return;
    }
    LayerCaches first = caches.acquire(0, 0, CacheUse.look());
    float[] reference = download(first.referenceKeys());
    float[] keys = downloadCached(first.window().conditions(), ops::loadKeys);
    caches.release();
    float[] motionKeys = Arrays.copyOfRange(keys, reference.length, keys.length);
    HostValues motion = bundle.channelsLast(FILE, "motion_latents");
    turnBack(motionKeys, Rope3d.motion(config, new TokenGrid(motion.extent(1), motion.extent(2))));
    compare("cond_k_layer0", Floats.concat(reference, motionKeys));
    LayerCaches last = caches.acquire(0, config.layers() - 1, CacheUse.look());
    compare("cond_v_last", downloadCached(last.window().conditions(), ops::loadValues));
    caches.release();
  }

  @Override
  public void layer(int clip, int block, int step, Supplier<Tensor> hidden) {
    if (clip == 0 && block == 0 && step == 0) {
      compare("hidden_after_block_" + layers++, download(hidden.get()));
    }
  }

  @Override
  public void velocity(int clip, int block, int step, Tensor velocity) {
    String name = "velocity_clip%d_block%d_step%d".formatted(clip, block, step);
    if (golden.contains(name)) {
      HostValues expected = bundle.channelsLast(FILE, name);
      log.forward("rollout." + name, download(velocity), expected.values());
    }
  }

  @Override
  public void latents(int clip, int block, Tensor blockLatents) {
    float[] values = download(blockLatents);
    latents.merge(clip, values, Floats::concat);
  }

  /** Compares the latents of whole clips. */
  void finish(int clips) {
    for (int clip = 0; clip < clips; clip++) {
      HostValues expected = bundle.channelsLast(FILE, "latents_clip" + clip);
      log.rollout("rollout.latents_clip" + clip, latents.get(clip), expected.values());
    }
  }

  private void compare(String name, float[] actual) {
    if (golden.contains(name)) {
      log.forward("rollout." + name, actual, bundle.values(FILE, name).values());
    }
  }

  private float[] downloadCached(KvRun run, BiConsumer<KvRun, Tensor> load) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      int heads = run.cache().heads();
      int headWidth = run.cache().headWidth();
      Tensor values = ops.workspace().tensor(ops.activationType(), run.count(), heads, headWidth);
      load.accept(run, values);
      return download(values);
    }
  }

  private float[] download(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().elements())];
    ops.download(tensor, values, 0);
    return values;
  }

  /** Undoes a rotation whose cosines and sines are rounded, so that it also scaled a little. */
  private void turnBack(float[] keys, Rope3d angles) {
    int pairs = config.headWidth() / 2;
    for (int i = 0; i < keys.length; i += 2) {
      int pair = i / 2 % pairs;
      int token = i / config.width();
      float cos = angles.cos()[token * pairs + pair];
      float sin = angles.sin()[token * pairs + pair];
      float scale = 1 / (cos * cos + sin * sin);
      float a = keys[i];
      float b = keys[i + 1];
      keys[i] = (a * cos + b * sin) * scale;
      keys[i + 1] = (b * cos - a * sin) * scale;
    }
  }
}
