package dev.longtake.runtime.ops.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.model.dit.Dit;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.DitLane;
import dev.longtake.runtime.model.dit.DitLayerWeights;
import dev.longtake.runtime.model.dit.DitWeights;
import dev.longtake.runtime.model.dit.KeyWindow;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.model.dit.LayerPass;
import dev.longtake.runtime.model.dit.LayerRange;
import dev.longtake.runtime.model.dit.TimestepEmbedding;
import dev.longtake.runtime.model.dit.TokenGrid;
import dev.longtake.runtime.model.vae.StreamingVaeDecoder;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.model.vae.VaeEncoder;
import dev.longtake.runtime.model.vae.VaeWeights;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.sampling.FlowMatchSchedule;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.Checkpoint;
import dev.longtake.runtime.weights.CheckpointWeightReader;
import dev.longtake.runtime.weights.PlannedWeightReader;
import dev.longtake.runtime.weights.TensorSource;
import dev.longtake.runtime.weights.WeightReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What planning measures is what the same code takes when it computes, to the byte. */
class PlanningOpsTest {
  private static final Path CHECKPOINT = Path.of("src/test/resources/golden/small/ckpt");
  private static final int LATENT_ROWS = 16;
  private static final int LATENT_COLUMNS = 8;

  private final Checkpoint checkpoint = Checkpoint.open(CHECKPOINT);

  @AfterEach
  void close() {
    checkpoint.close();
  }

  /** A part of the model; takes weights and state from {@code arena}. */
  private interface Piece {
    void run(Ops ops, Arena arena, WeightReader weights);
  }

  @Test
  void ditLane() {
    DitConfig config = DitConfig.of(checkpoint.ditConfig(), checkpoint.dit());
    assertPlanHolds(
        checkpoint.dit(), (ops, arena, weights) -> denoiseClip(config, ops, arena, weights));
  }

  @Test
  void vaeDecoder() {
    VaeConfig config = VaeConfig.read(checkpoint.vae());
    assertPlanHolds(
        checkpoint.vae(),
        (ops, arena, reader) -> {
          StreamingVaeDecoder decoder =
              new StreamingVaeDecoder(
                  ops, VaeWeights.read(reader, config), arena, LATENT_ROWS, LATENT_COLUMNS);
          Tensor latent = filled(ops, arena, 1, LATENT_ROWS, LATENT_COLUMNS, 16);
          for (int i = 0; i < 3; i++) {
            decoder.decode(
                latent,
                filled(ops, arena, decoder.nextFrames(), 8 * LATENT_ROWS, 8 * LATENT_COLUMNS, 3));
          }
        });
  }

  @Test
  void vaeEncoder() {
    VaeConfig config = VaeConfig.read(checkpoint.vae());
    assertPlanHolds(
        checkpoint.vae(),
        (ops, arena, reader) ->
            new VaeEncoder(ops, VaeWeights.read(reader, config), arena, 64, 64)
                .encode(
                    (firstFrame, out) -> ops.fill(out, 0.5f), 9, filled(ops, arena, 3, 8, 8, 16)));
  }

  @Test
  void operationsTakeWhatTheyNeedOnAGpuForThemselves() {
    try (PlanningOps ops = new PlanningOps(DType.BF16)) {
      Arena arena = new Arena("planned", new PlannedBlock());
      Linear quantised =
          new Linear(arena.tensor(DType.FP8_E4M3, 64, 32), null, arena.tensor(DType.FP32, 64));
      Tensor x = arena.tensor(DType.BF16, 1000, 32);

      ops.linear(x, quantised, Activation.NONE, arena.tensor(DType.BF16, 1000, 64));

      assertThat(ops.workspace().peakBytes()).isEqualTo(1000 * 32 + 4096); // and padded scales
    }
  }

  /** Takes one clip of two frame blocks through all layers, in two steps each. */
  private static void denoiseClip(DitConfig config, Ops ops, Arena arena, WeightReader weights) {
    TokenGrid grid = new TokenGrid(LATENT_ROWS, LATENT_COLUMNS);
    float[] timesteps = FlowMatchSchedule.of(2).timesteps();
    Dit dit =
        new Dit(
            ops,
            arena,
            config,
            DitWeights.read(weights, config),
            TimestepEmbedding.Weights.read(weights, config),
            grid,
            timesteps);
    List<DitLayerWeights> layers = new ArrayList<>();
    List<LayerCaches> caches = new ArrayList<>();
    int clipFrames = 2 * DitConfig.BLOCK_FRAMES;
    for (int layer = 0; layer < config.layers(); layer++) {
      layers.add(DitLayerWeights.read(weights, config, layer));
      DType dtype = ops.activationType();
      int conditions = grid.conditionTokens();
      KvRun window = cache(arena, dtype, config, conditions + clipFrames * grid.frameTokens());
      caches.add(
          new LayerCaches(
              KeyWindow.ringBehind(window, conditions),
              arena.tensor(dtype, grid.frameTokens(), config.heads(), config.headWidth()),
              List.of(),
              cache(arena, dtype, config, config.textTokens())));
    }
    DitLane lane = new DitLane(dit, arena, clipFrames, null);
    int channels = config.latentChannels();
    LayerRange all = LayerRange.first(config.layers());
    lane.embedPrompt(filled(ops, arena, 5, config.textWidth()));
    sweep(
        lane.start(
            filled(ops, arena, 1, LATENT_ROWS, LATENT_COLUMNS, channels),
            filled(ops, arena, DitConfig.MOTION_FRAMES, LATENT_ROWS, LATENT_COLUMNS, channels),
            all),
        layers,
        caches);
    Tensor latents =
        filled(ops, arena, DitConfig.BLOCK_FRAMES, LATENT_ROWS, LATENT_COLUMNS, channels);
    for (int first = 0; first < clipFrames; first += DitConfig.BLOCK_FRAMES) {
      lane.beginBlock(filled(ops, arena, 12, config.audioWidth()), first);
      for (int step = 0; step < timesteps.length; step++) {
        sweep(lane.denoise(latents, step, 4, all, () -> {}), layers, caches);
        lane.velocity(step, latents);
      }
    }
  }

  private static KvRun cache(Arena arena, DType dtype, DitConfig config, int tokens) {
    return KvCache.allocate(arena, dtype, tokens, config.heads(), config.headWidth()).all();
  }

  private static void sweep(
      LayerPass pass, List<DitLayerWeights> layers, List<LayerCaches> caches) {
    for (int layer = 0; layer < layers.size(); layer++) {
      pass.layer(layers.get(layer), caches.get(layer));
    }
  }

  private static Tensor filled(Ops ops, Arena arena, int... extents) {
    Tensor tensor = arena.tensor(ops.activationType(), extents);
    ops.fill(tensor, 0.5f);
    return tensor;
  }

  /** Gives a piece exactly the memory that its plan asks for; one byte less would end it. */
  private static void assertPlanHolds(TensorSource source, Piece piece) {
    PlanningOps planning = new PlanningOps(DType.FP32);
    Arena planned = new Arena("planned", new PlannedBlock());
    piece.run(planning, planned, new PlannedWeightReader(planning, planned));
    long arenaBytes = planned.peakBytes();
    long workspaceBytes = planning.workspace().peakBytes();
    assertThat(workspaceBytes).isPositive();

    try (HostBlock memory = HostBlock.reserve(arenaBytes + workspaceBytes);
        CpuOps ops = new CpuOps(2, memory.part(arenaBytes, workspaceBytes))) {
      Arena arena = new Arena("arena", memory.part(0, arenaBytes));
      piece.run(ops, arena, new CheckpointWeightReader(source, ops, arena));
      assertThat(arena.peakBytes()).isEqualTo(arenaBytes);
      assertThat(ops.workspace().peakBytes()).isEqualTo(workspaceBytes);
    }
  }
}
