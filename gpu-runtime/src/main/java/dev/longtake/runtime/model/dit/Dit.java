package dev.longtake.runtime.model.dit;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The transformer outside its layers: embeddings, timesteps and head. Shared by all takes; what
 * belongs to one take is in its {@link DitLane}.
 */
public final class Dit {
  private static final int NOISY = 0;
  private static final int REFERENCE = 1;
  private static final int MOTION = 2;

  private final Ops ops;
  private final DitConfig config;
  private final DitWeights weights;
  private final TokenGrid grid;
  private final List<TimestepEmbedding> steps = new ArrayList<>();
  private final TimestepEmbedding clean;
  private final Rope3d.Table motionAngles;

  /**
   * Computes what is the same for all takes.
   *
   * @param time not needed any more when this returns and what it has queued is done
   * @param timesteps of the denoising steps, first to last
   * @param arena where the constants are kept
   */
  public Dit(
      Ops ops,
      Arena arena,
      DitConfig config,
      DitWeights weights,
      TimestepEmbedding.Weights time,
      TokenGrid grid,
      float[] timesteps) {
    this.ops = ops;
    this.config = config;
    this.weights = weights;
    this.grid = grid;
    for (float timestep : timesteps) {
      steps.add(TimestepEmbedding.of(ops, arena, config, time, timestep));
    }
    this.clean = TimestepEmbedding.of(ops, arena, config, time, 0);
    this.motionAngles = Rope3d.Table.allocate(arena, config, grid.motionTokens());
    Rope3d.motion(config, grid).upload(ops, motionAngles);
  }

  /** Returns the hyper-parameters. */
  public DitConfig config() {
    return config;
  }

  /** Returns the picture's token grid. */
  public TokenGrid grid() {
    return grid;
  }

  /** Returns the encoder of a block's sound. */
  public CausalAudioEncoder audioEncoder() {
    return new CausalAudioEncoder(ops, config, weights.audioEncoder());
  }

  /** Returns the number of denoising steps. */
  public int steps() {
    return steps.size();
  }

  /** Returns what the layers and the head are told of a denoising step. */
  public TimestepEmbedding step(int stepIndex) {
    return steps.get(stepIndex);
  }

  TimestepEmbedding clean() {
    return clean;
  }

  Rope3d.Table motionAngles() {
    return motionAngles;
  }

  Ops ops() {
    return ops;
  }

  /**
   * Embeds a prompt.
   *
   * @param context [text tokens used, text width] from the text encoder
   * @param out [text tokens, E]; unused ones are embedded zeros, which the model was trained with
   */
  public void embedText(Tensor context, Tensor out) {
    int used = context.shape().extent(0);
    checkArgument(
        used <= config.textTokens(),
        "a prompt has at most %s tokens, but this one has %s",
        config.textTokens(),
        used);
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor padded =
          ops.workspace().tensor(ops.activationType(), config.textTokens(), config.textWidth());
      Tensor hidden =
          ops.workspace().tensor(ops.activationType(), config.textTokens(), config.width());
      ops.fill(padded, 0f);
      ops.copy(context, padded.slice(0, used));
      ops.linear(padded, weights.textIn(), Activation.GELU_TANH, hidden);
      ops.linear(hidden, weights.textOut(), Activation.NONE, out);
    }
  }

  /**
   * Makes tokens of a noisy frame block.
   *
   * @param latents [3, h, w, C]
   * @param out [S, E]
   */
  public void embedNoisy(Tensor latents, Tensor out) {
    patches(latents, out);
    ops.addRow(out, weights.poseBias());
    ops.addRow(out, maskRow(NOISY));
  }

  /**
   * Makes tokens of the conditions.
   *
   * @param reference [1, h, w, C]
   * @param motion [19, h, w, C], oldest first
   * @param out [Lc, E], the reference's tokens before the motion's
   */
  public void embedConditions(Tensor reference, Tensor motion, Tensor out) {
    Tensor referenceTokens = out.slice(0, grid.frameTokens());
    Tensor motionTokens = out.slice(grid.frameTokens(), grid.motionTokens());
    patches(reference, referenceTokens);
    ops.addRow(referenceTokens, maskRow(REFERENCE));
    packMotion(motion, motionTokens);
    ops.addRow(motionTokens, maskRow(MOTION));
  }

  /**
   * Packs motion latents to tokens, before they are marked as motion.
   *
   * @param motion [19, h, w, C], oldest first
   * @param out [motion tokens, E], newest first
   */
  public void packMotion(Tensor motion, Tensor out) {
    MotionPacker.pack(ops, weights.motionPacker(), motion, out);
  }

  /**
   * Predicts the velocity from a block's last hidden states.
   *
   * @param tokens [S, E], or the device's part of it
   * @param division null for a device that has all tokens
   * @param velocity [3, h, w, C]
   */
  public void head(Tensor tokens, @Nullable Division division, int stepIndex, Tensor velocity) {
    int width = config.width();
    int count = tokens.shape().extent(0);
    int frames = velocity.shape().extent(0);
    int patchValues = weights.head().outWidth();
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor modulation = ops.workspace().tensor(DType.FP32, 2, width);
      ops.copy(weights.headModulation(), modulation);
      ops.addRow(modulation, step(stepIndex).head().reshape(width));
      Tensor x = ops.workspace().tensor(ops.activationType(), count, width);
      ops.layerNormModulated(
          tokens, modulation.slice(1, 1), modulation.slice(0, 1), config.epsilon(), x);
      Tensor patches = ops.workspace().tensor(ops.activationType(), count, patchValues);
      ops.linear(x, weights.head(), Activation.NONE, patches);
      Tensor all = division == null ? patches : division.join(grid.frameTokens() * frames, patches);
      ops.unpatchify(all.reshape(frames, grid.rows(), grid.columns(), patchValues), velocity);
    }
  }

  private void patches(Tensor latents, Tensor out) {
    int frames = latents.shape().extent(0);
    ops.convolve(
        latents,
        weights.patchEmbedding(),
        out.reshape(frames, grid.rows(), grid.columns(), config.width()));
  }

  private Tensor maskRow(int kind) {
    return weights.condMask().slice(kind, 1).reshape(config.width());
  }
}
