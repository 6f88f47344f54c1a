package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.CausalAudioEncoder.Sound;
import dev.longtake.runtime.model.dit.DitLayerWeights.AudioInjectorWeights;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** One transformer layer with the audio injector behind it. Holds no state. */
final class DitLayer {
  private static final int ATTENTION = 0;
  private static final int FEED_FORWARD = 3;

  private final Ops ops;
  private final DitConfig config;

  DitLayer(Ops ops, DitConfig config) {
    this.ops = ops;
    this.config = config;
  }

  /** Computes the prompt's keys and values from the embedded prompt [text tokens, E]. */
  void cacheText(Tensor text, DitLayerWeights weights, KvRun cache) {
    keys(text, weights.cross(), cache.keys());
    values(text, weights.cross(), cache.values());
  }

  /**
   * Takes condition tokens through the layer and keeps their keys and values.
   *
   * @param hidden [Lc, E], changed in place
   * @param caches their rings are not touched, {@code text} must be filled
   */
  void condition(
      ConditionPass pass, HiddenStates hidden, DitLayerWeights weights, LayerCaches caches) {
    Tensor modulation = hidden.modulation(weights, pass.timestep());
    Tensor q = heads(hidden.addend());
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = ops.linearInput(hidden.tokens(), weights.self().q());
      normalize(hidden, modulation, ATTENTION, x);
      cacheConditions(pass, x, weights.self(), caches);
      queries(x, weights.self(), q);
      turn(pass, q);
      attend(q, caches.window().conditions(), weights.self());
    }
    afterAttention(hidden, modulation, weights, caches.text());
  }

  private void cacheConditions(
      ConditionPass pass, Tensor x, AttentionWeights weights, LayerCaches caches) {
    int count = x.shape().extent(0);
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor computed = heads(activations(count));
      List<KvRun> copies = new ArrayList<>(caches.conditionCopies());
      copies.add(caches.window().conditions());
      keys(x, weights, computed);
      Tensor reference = caches.referenceKeys();
      ops.copy(computed.slice(0, reference.shape().extent(0)), reference);
      turn(pass, computed);
      copies.forEach(copy -> ops.storeKeys(computed, copy));
      values(x, weights, computed);
      copies.forEach(copy -> ops.storeValues(computed, copy));
    }
  }

  /** Turns the conditions' queries or keys [Lc, N, D] in place. */
  private void turn(ConditionPass pass, Tensor conditions) {
    int references = pass.reference().cos().shape().extent(0);
    Tensor reference = conditions.slice(0, references);
    Tensor motion = conditions.slice(references, conditions.shape().extent(0) - references);
    pass.reference().turn(ops, reference, reference);
    pass.motion().turn(ops, motion, motion);
  }

  /**
   * Takes a frame block's tokens through the layer, but not through the audio injector behind it,
   * and keeps their keys and values in the ring.
   *
   * @param hidden [S, E], changed in place
   */
  void denoise(DenoisePass pass, HiddenStates hidden, DitLayerWeights weights, LayerCaches caches) {
    int count = hidden.tokens();
    Tensor modulation = hidden.modulation(weights, pass.timestep());
    Tensor q = heads(hidden.addend());
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = ops.linearInput(count, weights.self().q());
      normalize(hidden, modulation, ATTENTION, x);
      cacheBlock(pass, x, weights.self(), caches.window().ring(pass.ringToken(), count));
      project(x, weights.self().q(), q);
      pass.noisy().normalizeAndTurn(ops, q, weights.self().normQ(), config.epsilon());
      turnReference(pass.reference(), caches);
      attend(q, caches.window().inUse(pass.ringTokens()), weights.self());
    }
    afterAttention(hidden, modulation, weights, caches.text());
  }

  /** Computes a block's keys and values, in their place where that can be. */
  private void cacheBlock(DenoisePass pass, Tensor x, AttentionWeights weights, KvRun own) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor computed = own.isPacked() ? heads(activations(own.count())) : null;
      Tensor keys = computed == null ? own.keys() : computed;
      project(x, weights.k(), keys);
      pass.noisy().store(ops, keys, weights.normK(), config.epsilon(), own);
      if (computed == null) {
        values(x, weights, own.values());
      } else {
        values(x, weights, computed);
        ops.storeValues(computed, own);
      }
    }
  }

  /** Brings the reference's keys to where the reference is in this forward. */
  private void turnReference(Rope3d.Table angles, LayerCaches caches) {
    Tensor raw = caches.referenceKeys();
    KvRun reference = caches.window().conditions().part(0, raw.shape().extent(0));
    angles.store(ops, raw, null, config.epsilon(), reference);
  }

  /**
   * Takes tokens through the rest of the layer: adds what self-attention has given, then
   * cross-attention and the feed-forward network.
   *
   * @param hidden [S, E], changed in place; what self-attention has given is their addend
   */
  private void afterAttention(
      HiddenStates hidden, Tensor modulation, DitLayerWeights weights, KvRun text) {
    int count = hidden.tokens();
    Tensor q = heads(hidden.addend());
    hidden.add(gate(modulation, ATTENTION));
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = ops.linearInput(count, weights.cross().q());
      hidden.layerNorm(weights.crossNormWeight(), weights.crossNormBias(), config.epsilon(), x);
      queries(x, weights.cross(), q);
    }
    attend(q, text, weights.cross());
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
   * @param hidden [S, E], changed in place
   * @param sound of the block's latent frames
   * @param injected what this injector makes of it, completed if it is not yet
   */
  void injectAudio(
      HiddenStates hidden, Sound sound, AudioInjectorWeights weights, InjectedSound injected) {
    if (!injected.isComplete()) {
      hear(sound, weights, injected);
    }
    int frames = sound.global().shape().extent(0);
    int count = hidden.tokens();
    int perFrame = count / frames;
    int perFrameSound = sound.tokens().shape().extent(1);
    Tensor q = heads(hidden.addend());
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = ops.linearInput(count, weights.attention().q());
      hidden.layerNormModulated(injected.scale(), injected.shift(), DitConfig.ADAIN_EPSILON, x);
      queries(x, weights.attention(), q);
      Tensor attended = activations(count);
      for (int frame = 0; frame < frames; frame++) {
        KvRun own = injected.keyValues().part(frame * perFrameSound, perFrameSound);
        int first = frame * perFrame;
        attention(q.slice(first, perFrame), own, attended.slice(first, perFrame));
      }
      ops.linear(attended, weights.attention().o(), Activation.NONE, flat(q));
    }
    hidden.add(null);
  }

  private void hear(Sound sound, AudioInjectorWeights weights, InjectedSound injected) {
    int frames = sound.global().shape().extent(0);
    int width = config.width();
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor activated = activations(frames);
      Tensor shiftAndScale = ops.workspace().tensor(ops.activationType(), frames, 2 * width);
      ops.activate(sound.global(), Activation.SILU, activated);
      ops.linear(activated, weights.adain(), Activation.NONE, shiftAndScale);
      ops.copyColumns(shiftAndScale, 0, injected.shift());
      ops.copyColumns(shiftAndScale, width, injected.scale());
    }
    Tensor tokens = sound.tokens().reshape(injected.keyValues().count(), width);
    keys(tokens, weights.attention(), injected.keyValues().keys());
    values(tokens, weights.attention(), injected.keyValues().values());
    injected.setComplete(true);
  }

  /** q = o(attention(q, k, v)). */
  private void attend(Tensor q, KvRun context, AttentionWeights weights) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor attended = activations(q.shape().extent(0));
      attention(q, context, attended);
      ops.linear(attended, weights.o(), Activation.NONE, flat(q));
    }
  }

  /** out = attention(q, k, v), out being [S, E]. */
  private void attention(Tensor q, KvRun context, Tensor out) {
    ops.attention(q, context, config.attentionScale(), heads(out));
  }

  private void queries(Tensor x, AttentionWeights weights, Tensor out) {
    projectNormalized(x, weights.q(), weights.normQ(), out);
  }

  private void keys(Tensor x, AttentionWeights weights, Tensor out) {
    projectNormalized(x, weights.k(), weights.normK(), out);
  }

  private void values(Tensor x, AttentionWeights weights, Tensor out) {
    project(x, weights.v(), out);
  }

  private void projectNormalized(Tensor x, Linear linear, Tensor norm, Tensor out) {
    project(x, linear, out);
    ops.rmsNorm(flat(out), norm, config.epsilon(), flat(out));
  }

  private void project(Tensor x, Linear linear, Tensor out) {
    ops.linear(x, linear, Activation.NONE, flat(out));
  }

  private Tensor activations(int rows) {
    return ops.workspace().tensor(ops.activationType(), rows, config.width());
  }

  private Tensor heads(Tensor flat) {
    return flat.reshape(flat.shape().extent(0), config.heads(), config.headWidth());
  }

  private Tensor flat(Tensor heads) {
    return heads.reshape(heads.shape().extent(0), config.width());
  }
}
