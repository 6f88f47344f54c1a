package dev.longtake.runtime.model.dit;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.CausalAudioEncoder.Sound;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The transformer's state in one take, but for the caches: hidden states, sound, angles.
 *
 * <p>It prepares forwards; whoever has the weights carries them out. At most one {@link LayerPass}
 * of a lane may be under way.
 */
public final class DitLane {
  private final Dit dit;
  private final Ops ops;
  private final DitLayer layer;
  private final @Nullable Division division;
  private final int clipFrames;
  private final Tensor text;
  private final HiddenStates hidden;
  private final Sound sound;
  private final List<InjectedSound> injected = new ArrayList<>();
  private final Rope3d.Table noisyAngles;
  private final Rope3d.Table referenceAngles;
  private int firstFrame = -1;

  /**
   * Takes memory for a take.
   *
   * @param clipFrames latent frames that the ring holds: those of one clip
   * @param division null for a device that has all tokens and heads
   */
  public DitLane(Dit dit, Arena arena, int clipFrames, @Nullable Division division) {
    DitConfig config = dit.config();
    TokenGrid grid = dit.grid();
    DType dtype = dit.ops().activationType();
    this.dit = dit;
    this.ops = dit.ops();
    this.layer = new DitLayer(ops, config, division);
    this.division = division;
    this.clipFrames = clipFrames;
    this.text = arena.tensor(dtype, config.textTokens(), config.width());
    this.hidden =
        new HiddenStates(
            ops,
            arena,
            config,
            Math.max(own(grid.blockTokens()).count(), own(grid.conditionTokens()).count()));
    this.sound =
        Sound.allocate(
            arena,
            dtype,
            config,
            CausalAudioEncoder.outputFrames(
                CausalAudioEncoder.LEADING_COPIES + 4 * DitConfig.BLOCK_FRAMES));
    for (int injector = 0; injector < config.audioLayers().size(); injector++) {
      injected.add(new InjectedSound(ops, arena, config));
    }
    this.noisyAngles = Rope3d.Table.allocate(arena, config, grid.blockTokens());
    this.referenceAngles = Rope3d.Table.allocate(arena, config, grid.frameTokens());
  }

  /**
   * Embeds the prompt that {@link #start} puts into the caches.
   *
   * @param context [text tokens used, text width]
   */
  public void embedPrompt(Tensor context) {
    dit.embedText(context, text);
  }

  /**
   * Prepares the pass that fills the condition caches, and the text caches with them.
   *
   * @param reference [1, h, w, C]
   * @param motion [19, h, w, C], oldest first
   * @param layers that the pass goes through; if the first one is not among them, the hidden states
   *     are those that the layer before has left, here or in {@link #conditionHidden()}
   */
  public LayerPass start(Tensor reference, Tensor motion, LayerRange layers) {
    LayerPass conditions = condition(reference, motion, layers);
    return new Prepared(
        CacheUse.start(),
        layers,
        (weights, caches) -> {
          layer.cacheText(text, weights, caches.text());
          conditions.layer(weights, caches);
        });
  }

  /** Prepares the pass that fills the condition caches again, as for {@link #start}. */
  public LayerPass condition(Tensor reference, Tensor motion, LayerRange layers) {
    if (layers.first() == 0) {
      embed(
          conditionHidden(),
          dit.grid().conditionTokens(),
          out -> dit.embedConditions(reference, motion, out));
    }
    Rope3d.reference(dit.config(), dit.grid(), Rope3d.referencePosition(0, 0))
        .upload(ops, referenceAngles);
    ConditionPass pass = new ConditionPass(dit.clean(), referenceAngles, dit.motionAngles());
    return new Prepared(
        CacheUse.condition(),
        layers,
        (weights, caches) -> layer.condition(pass, hidden, weights, caches));
  }

  /**
   * Begins a pass of conditions; returns where their hidden states go, fp32 [Lc, E], if its first
   * layers have taken place elsewhere.
   */
  public Tensor conditionHidden() {
    return hidden.begin(own(dit.grid().conditionTokens()).count());
  }

  /**
   * Begins a denoising forward; returns where a block's hidden states go, fp32 [S, E], if its first
   * layers have taken place elsewhere.
   */
  public Tensor blockHidden() {
    return hidden.begin(own(dit.grid().blockTokens()).count());
  }

  /**
   * Begins a frame block.
   *
   * @param mixed [12, A] the mixed hidden states of the block's sound, one row a video frame
   * @param blockFirstFrame the block's first latent frame, counted from the start of the take
   */
  public void beginBlock(Tensor mixed, int blockFirstFrame) {
    firstFrame = blockFirstFrame;
    dit.audioEncoder().encode(mixed, CausalAudioEncoder.LEADING_COPIES, sound);
    injected.forEach(each -> each.setComplete(false));
    Rope3d.noisy(dit.config(), dit.grid(), blockFirstFrame).upload(ops, noisyAngles);
  }

  /**
   * Prepares a denoising forward of the block that was begun last.
   *
   * @param latents [3, h, w, C] noisy
   * @param relativeDistance latent frames from the block's first one to the reference
   * @param layers that the forward goes through; if the first one is not among them, the hidden
   *     states are those in {@link #blockHidden()}
   * @param afterLayer called when a layer has been queued, before its audio injection
   */
  public LayerPass denoise(
      Tensor latents, int stepIndex, int relativeDistance, LayerRange layers, Runnable afterLayer) {
    checkState(firstFrame >= 0, "no frame block has begun");
    int tokens = dit.grid().blockTokens();
    if (layers.first() == 0) {
      embed(blockHidden(), tokens, out -> dit.embedNoisy(latents, out));
    }
    int position = Rope3d.referencePosition(firstFrame, relativeDistance);
    Rope3d.reference(dit.config(), dit.grid(), position).upload(ops, referenceAngles);
    int frameTokens = dit.grid().frameTokens();
    int ringFrames = Math.min(firstFrame + DitConfig.BLOCK_FRAMES, clipFrames);
    DenoisePass pass =
        new DenoisePass(
            dit.step(stepIndex),
            noisyAngles,
            referenceAngles,
            sound.from(sound.global().shape().extent(0) - DitConfig.BLOCK_FRAMES),
            firstFrame % clipFrames * frameTokens,
            ringFrames * frameTokens);
    Iterator<InjectedSound> injectors =
        injected.listIterator(dit.config().injectorsBefore(layers.first()));
    return new Prepared(
        CacheUse.denoise(pass.ringToken(), pass.ringTokens(), tokens),
        layers,
        (weights, caches) -> {
          layer.denoise(pass, hidden, weights, caches);
          afterLayer.run();
          if (weights.audio() != null) {
            layer.injectAudio(pass, hidden, weights.audio(), injectors.next());
          }
        });
  }

  /** Reads the velocity [3, h, w, C] after a denoising pass went through the last layer. */
  public void velocity(int stepIndex, Tensor out) {
    dit.head(hidden.sums(), division, stepIndex, out);
  }

  /**
   * Returns the hidden states, fp32 [S, E], of the device's tokens and the pass that was prepared
   * last. Queues what is still to be added to them, so do not ask without need.
   */
  public Tensor hidden() {
    return hidden.sums();
  }

  private Span own(int tokens) {
    return division == null ? new Span(0, tokens) : division.tokens(tokens);
  }

  /** Lets {@code embedding} make all tokens of a pass, of which the device's go to {@code own}. */
  private void embed(Tensor own, int tokens, Consumer<Tensor> embedding) {
    if (division == null) {
      embedding.accept(own);
      return;
    }
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor all = ops.workspace().tensor(DType.FP32, tokens, dit.config().width());
      embedding.accept(all);
      ops.copy(own(tokens).of(all), own);
    }
  }

  private record Prepared(
      CacheUse use, LayerRange layers, BiConsumer<DitLayerWeights, LayerCaches> work)
      implements LayerPass {
    @Override
    public void layer(DitLayerWeights weights, LayerCaches caches) {
      work.accept(weights, caches);
    }
  }
}
