package dev.longtake.runtime.tools.verify;

import com.google.common.collect.ImmutableMap;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.dit.CausalAudioEncoder;
import dev.longtake.runtime.model.dit.CausalAudioEncoder.Sound;
import dev.longtake.runtime.model.dit.Dit;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.DitWeights;
import dev.longtake.runtime.model.dit.Rope3d;
import dev.longtake.runtime.model.dit.TimestepEmbedding;
import dev.longtake.runtime.model.dit.TokenGrid;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.TensorSource;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeSet;

/** The transformer outside its layers: time, sound, motion, angles. */
final class DitPieceCases implements CaseGroup {
  private static final String FILE = "dit_pieces_fp32.safetensors";
  private static final String ROLLOUT = "dit_rollout_fp32.safetensors";
  private static final int OFFICIAL_COPIES = 73;
  private static final int BLOCK_VIDEO_FRAMES = 12;

  @Override
  public String name() {
    return "dit";
  }

  @Override
  public void run(Subject subject, CaseLog log) {
    GoldenBundle bundle = subject.bundle();
    TensorSource source = subject.checkpoint().dit();
    DitConfig config = DitConfig.of(subject.checkpoint().ditConfig(), source);
    HostValues motion = bundle.channelsLast(ROLLOUT, "motion_latents");
    TokenGrid grid = new TokenGrid(motion.extent(1), motion.extent(2));
    HostValues timesteps = bundle.values(FILE, "time_t");
    float[] sound = mixedSound(bundle, AudioMix.read(source, config));

    Map<String, float[]> actual =
        subject
            .runner()
            .run(
                module -> {
                  Dit dit =
                      new Dit(
                          module.ops(),
                          module.arena(),
                          config,
                          DitWeights.read(module.reader(source), config),
                          TimestepEmbedding.Weights.read(module.reader(source), config),
                          grid,
                          timesteps.values());
                  return compute(dit, module.ops(), module.arena(), sound, motion);
                });
    actual.forEach((name, values) -> compare(bundle, log, name, values));
    angles(bundle, config, grid, log);
  }

  private static Map<String, float[]> compute(
      Dit dit, Ops ops, Arena arena, float[] sound, HostValues motion) {
    int width = dit.config().width();
    float[] timeHead = new float[dit.steps() * width];
    float[] timeLayers = new float[dit.steps() * 6 * width];
    for (int i = 0; i < dit.steps(); i++) {
      ops.download(dit.step(i).head(), timeHead, i * width);
      ops.download(dit.step(i).layers(), timeLayers, i * 6 * width);
    }
    Tensor mixed =
        arena.tensor(ops.activationType(), BLOCK_VIDEO_FRAMES, dit.config().audioWidth());
    ops.upload(sound, 0, mixed);
    int frames = CausalAudioEncoder.outputFrames(OFFICIAL_COPIES + BLOCK_VIDEO_FRAMES);
    Sound encoded = Sound.allocate(arena, ops.activationType(), dit.config(), frames);
    dit.audioEncoder().encode(mixed, OFFICIAL_COPIES, encoded);

    Tensor latents = arena.tensor(ops.activationType(), motion.shape());
    ops.upload(motion.values(), 0, latents);
    Tensor packed = arena.tensor(DType.FP32, dit.grid().motionTokens(), width);
    dit.packMotion(latents, packed);
    return ImmutableMap.of(
        "time_e", timeHead,
        "time_e0", timeLayers,
        "audio_local", download(ops, encoded.tokens()),
        "audio_global", download(ops, encoded.global()),
        "framepack_tokens", download(ops, packed));
  }

  private static float[] download(Ops ops, Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().elements())];
    ops.download(tensor, values, 0);
    return values;
  }

  private static void angles(GoldenBundle bundle, DitConfig config, TokenGrid grid, CaseLog log) {
    for (String name : new TreeSet<>(bundle.names(FILE))) {
      if (!name.startsWith("rope_") || !name.endsWith("_cos")) {
        continue;
      }
      String prefix = name.substring(0, name.length() - "_cos".length());
      int position = Integer.parseInt(prefix.substring(prefix.lastIndexOf('_') + 1));
      Rope3d angles =
          prefix.startsWith("rope_noise")
              ? Rope3d.noisy(config, grid, position)
              : Rope3d.conditions(config, grid, position);
      compare(bundle, log, prefix + "_cos", angles.cos());
      compare(bundle, log, prefix + "_sin", angles.sin());
    }
  }

  /** Mixes the hidden states of the first block's frames of the golden audio embedding. */
  private static float[] mixedSound(GoldenBundle bundle, AudioMix mix) {
    HostValues mixed = RolloutCases.mix(bundle.values(ROLLOUT, "audio_embedding"), mix);
    return Arrays.copyOf(mixed.values(), BLOCK_VIDEO_FRAMES * mixed.extent(1));
  }

  private static void compare(GoldenBundle bundle, CaseLog log, String name, float[] actual) {
    log.module("dit." + name, actual, bundle.values(FILE, name).values());
  }
}
