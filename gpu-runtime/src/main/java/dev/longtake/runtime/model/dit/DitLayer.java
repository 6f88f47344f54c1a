package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.CausalAudioEncoder.Sound;
import dev.longtake.runtime.model.dit.DitLayerWeights.AudioInjectorWeights;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One transformer layer with the audio injector behind it. Holds no state. */
final class DitLayer {
  private static final int ATTENTION = 0;
  private static final int FEED_FORWARD = 3;

  private final Ops ops;
  private final DitConfig config;
  private final AttentionOps attention;
  private final SelfAttention selfAttention;
  private final @Nullable Division division;

  /** Creates the layer. {@code division} is null for a device that has everything. */
  DitLayer(Ops ops, DitConfig config, @Nullable Division division) {
    this.ops = ops;
    this.config = config;
    this.attention = new AttentionOps(ops, config);
    this.division = division;
    this.selfAttention =
        division == null
            ? new WholeSelfAttention(attention)
            : new DividedSelfAttention(attention, division);
  }

  /** Computes the prompt's keys and values from the embedded prompt [text tokens, E]. */
  void cacheText(Tensor text, DitLayerWeights weights, KvRun cache) {
    attention.keys(text, weights.cross(), cache.keys());
    attention.values(text, weights.cross(), cache.values());
  }

  /**
   * Takes condition tokens through the layer and keeps their keys and values.
   *
   * @param hidden [Lc, E], or the device's part of it; changed in place
   * @param caches their rings are not touched, {@code text} must be filled
   */
  void condition(
      ConditionPass pass, HiddenStates hidden, DitLayerWeights weights, LayerCaches caches) {
    Tensor modulation = hidden.modulation(weights, pass.timestep());
    Tensor attended = attention.heads(hidden.addend());
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = ops.linearInput(hidden.tokens(), weights.self().q());
      normalize(hidden, modulation, ATTENTION, x);
      selfAttention.conditions(pass, x, weights.self(), caches, attended);
    }
    afterAttention(hidden, modulation, weights, caches.text());
  }

  /**
   * Takes a frame block's tokens through the layer, but not through the audio injector behind it,
   * and keeps their keys and values in the ring.
   *
   * @param hidden [S, E], or the device's part of it; changed in place
   */
  void denoise(DenoisePass pass, HiddenStates hidden, DitLayerWeights weights, LayerCaches caches) {
    Tensor modulation = hidden.modulation(weights, pass.timestep());
    Tensor attended = attention.heads(hidden.addend());
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = ops.linearInput(hidden.tokens(), weights.self().q());
      normalize(hidden, modulation, ATTENTION, x);
      selfAttention.block(pass, x, weights.self(), caches, attended);
    }
    afterAttention(hidden, modulation, weights, caches.text());
  }

  /**
   * Takes tokens through the rest of the layer: adds what self-attention has given, then
   * cross-attention and the feed-forward network.
   *
   * @param hidden [S, E], or the device's part of it, changed in place; what self-attention has
   *     given is their addend
   */
  private void afterAttention(
      HiddenStates hidden, Tensor modulation, DitLayerWeights weights, KvRun text) {
    int count = hidden.tokens();
    Tensor q = attention.heads(hidden.addend());
    hidden.add(gate(modulation, ATTENTION));
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = ops.linearInput(count, weights.cross().q());
      hidden.layerNorm(weights.crossNormWeight(), weights.crossNormBias(), config.epsilon(), x);
      attention.queries(x, weights.cross(), q);
    }
    attention.attend(q, text, weights.cross());
    hidden.add(null);
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = ops.linearInput(count, weights.ffnIn());
      normalize(hidden, modulation, FEED_FORWARD, x);
      Tensor inner = ops.workspace().tensor(ops.activationType(), count, config.ffnWidth());
      ops.linear(x, weights.ffnIn(), Activation.GELU_TANH, inner);
      ops.linear(inner, weights.ffnOut(), Activation.NONE, hidden.addend());
    }
    hidden.add(gate(modulation, FEED_FORWARD));
  }

  private void normalize(HiddenStates hidden, Tensor modulation, int first, Tensor out) {
    hidden.layerNormModulated(
        modulation.slice(first + 1, 1), modulation.slice(first, 1), config.epsilon(), out);
  }

  private Tensor gate(Tensor modulation, int first) {
    return modulation.slice(first + 2, 1).reshape(config.width());
  }

  /**
   * Adds to every latent frame's tokens what they attend to in its sound.
   *
   * @param hidden [S, E], or the device's part of it; changed in place
   * @param injected what this injector makes of the block's sound, completed if it is not yet
   */
  void injectAudio(
      DenoisePass pass, HiddenStates hidden, AudioInjectorWeights weights, InjectedSound injected) {
    Sound sound = pass.sound();
    if (!injected.isComplete()) {
      hear(sound, weights, injected);
    }
    int perFrameSound = sound.tokens().shape().extent(1);
    List<FrameRun> runs = runs(pass);
    Tensor q = attention.heads(hidden.addend());
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = ops.linearInput(hidden.tokens(), weights.attention().q());
      modulate(hidden, runs, injected, x);
      attention.queries(x, weights.attention(), q);
      Tensor attended = attention.activations(hidden.tokens());
      for (FrameRun run : runs) {
        KvRun own = injected.keyValues().part(run.frame() * perFrameSound, perFrameSound);
        Tensor out = attention.heads(run.tokens().of(attended));
        attention.attention(run.tokens().of(q), own, out);
      }
      attention.output(attended, weights.attention(), q);
    }
    hidden.add(null);
  }

  private List<FrameRun> runs(DenoisePass pass) {
    int frames = pass.sound().global().shape().extent(0);
    int total = pass.noisy().tokens();
    Span own = division == null ? new Span(0, total) : division.tokens(total);
    return FrameRun.of(own, frames, total / frames);
  }

  /** Normalises every token and modulates it as its frame's sound says. */
  private void modulate(
      HiddenStates hidden, List<FrameRun> runs, InjectedSound injected, Tensor out) {
    float epsilon = DitConfig.ADAIN_EPSILON;
    if (division == null) { // frames are equally long
      hidden.layerNormModulated(injected.scale(), injected.shift(), epsilon, out);
      return;
    }
    Tensor sums = hidden.sums();
    for (FrameRun run : runs) {
      Tensor scale = injected.scale().slice(run.frame(), 1);
      Tensor shift = injected.shift().slice(run.frame(), 1);
      ops.layerNormModulated(run.tokens().of(sums), scale, shift, epsilon, run.tokens().of(out));
    }
  }

  private void hear(Sound sound, AudioInjectorWeights weights, InjectedSound injected) {
    int frames = sound.global().shape().extent(0);
    int width = config.width();
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor activated = attention.activations(frames);
      Tensor shiftAndScale = ops.workspace().tensor(ops.activationType(), frames, 2 * width);
      ops.activate(sound.global(), Activation.SILU, activated);
      ops.linear(activated, weights.adain(), Activation.NONE, shiftAndScale);
      ops.copyColumns(shiftAndScale, 0, injected.shift());
      ops.copyColumns(shiftAndScale, width, injected.scale());
    }
    Tensor tokens = sound.tokens().reshape(injected.keyValues().count(), width);
    attention.keys(tokens, weights.attention(), injected.keyValues().keys());
    attention.values(tokens, weights.attention(), injected.keyValues().values());
    injected.setComplete(true);
  }
}
