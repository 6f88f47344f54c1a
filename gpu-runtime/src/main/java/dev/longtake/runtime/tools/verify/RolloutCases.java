package dev.longtake.runtime.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSession;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.runtime.engine.LongtakeEngine;
import dev.longtake.runtime.model.dit.AudioMix;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.sampling.TakeNoise;
import java.io.ByteArrayOutputStream;

/** Two clips, from given noise to pixels, by the engine itself. */
final class RolloutCases implements CaseGroup {
  static final String FILE = "dit_rollout_fp32.safetensors";

  @Override
  public String name() {
    return "rollout";
  }

  @Override
  public void run(Subject subject, CaseLog log) {
    GoldenBundle bundle = subject.bundle();
    HostValues noise = bundle.values(FILE, "noise");
    int clips = noise.extent(0);
    HostValues motion = bundle.channelsLast(FILE, "motion_latents");
    JsonNode distances = bundle.description().path("relative_distance");
    EngineConfig config =
        new EngineConfig(
            bundle.checkpointDirectory().toString(),
            subject.choice().device(),
            "resident",
            subject.choice().precision(),
            motion.extent(1) * VaeConfig.SPATIAL_STRIDE,
            motion.extent(2) * VaeConfig.SPATIAL_STRIDE,
            noise.extent(2) * VaeConfig.TEMPORAL_STRIDE,
            distances.path(0).path(0).size(),
            1,
            subject.threads(),
            Long.MAX_VALUE,
            subject.choice().kvPrecision());
    DitConfig dit = DitConfig.of(subject.checkpoint().ditConfig(), subject.checkpoint().dit());
    AudioMix mix = AudioMix.read(subject.checkpoint().dit(), dit);
    TakeSpec spec =
        TakeSpec.first(
            bundle.values(FILE, "context"),
            new PictureLatents(
                bundle.channelsLast(FILE, "ref_latents"), new TakeState(motion, false)),
            mix(bundle.values(FILE, "audio_embedding"), mix),
            0);
    ByteArrayOutputStream video = new ByteArrayOutputStream();
    try (LongtakeEngine engine = LongtakeEngine.open(config, bundle.openCheckpoint())) {
      RolloutRecorder recorder = new RolloutRecorder(bundle, engine.ops(), dit, log);
      try (TakeSession take = engine.open(spec, new GoldenNoise(noise, distances), recorder)) {
        for (int clip = 0; clip < clips; clip++) {
          take.renderClip(
              (frame, rgb) -> {
                byte[] bytes = new byte[rgb.remaining()];
                rgb.get(bytes);
                video.writeBytes(bytes);
              });
        }
      }
      recorder.finish(clips);
    }
    HostValues golden = bundle.values("video.safetensors", "video_u8");
    byte[] expected = new byte[golden.values().length];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (byte) (int) golden.values()[i];
    }
    log.video(video.toByteArray(), expected);
  }

  /** Mixes hidden states [1, states, A, frames] to [frames, A]. */
  static HostValues mix(HostValues states, AudioMix mix) {
    int width = states.extent(2);
    int frames = states.extent(3);
    float[] mixed = new float[frames * width];
    for (int state = 0; state < states.extent(1); state++) {
      float share = mix.share(state);
      for (int c = 0; c < width; c++) {
        int from = (state * width + c) * frames;
        for (int frame = 0; frame < frames; frame++) {
          mixed[frame * width + c] += share * states.values()[from + frame];
        }
      }
    }
    return new HostValues(mixed, frames, width);
  }

  /** The bundle's noise [clips, C, F, h, w] and distances in place of random numbers. */
  private record GoldenNoise(HostValues noise, JsonNode distances) implements TakeNoise {
    @Override
    public void noise(int clip, int block, float[] out) {
      int channels = noise.extent(1);
      int cells = noise.extent(3) * noise.extent(4);
      int blockCells = DitConfig.BLOCK_FRAMES * cells;
      for (int channel = 0; channel < channels; channel++) {
        int start = (clip * channels + channel) * noise.extent(2) * cells + block * blockCells;
        for (int cell = 0; cell < blockCells; cell++) {
          out[cell * channels + channel] = noise.values()[start + cell];
        }
      }
    }

    @Override
    public int relativeDistance(int clip, int block, int step) {
      return distances.path(clip).path(block).path(step).asInt();
    }
  }
}
