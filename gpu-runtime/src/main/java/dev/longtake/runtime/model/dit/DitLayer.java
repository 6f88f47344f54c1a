package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.dit.CausalAudioEncoder.Sound;
import dev.longtake.runtime.model.dit.DitLayerWeights.AudioInjectorWeights;
import dev.longtake.runtime.model.dit.LayerCaches.KeyValue;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
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
  void cacheText(Tensor text, DitLayerWeights weights, KeyValue cache) {
    keys(text, weights.cross(), cache.keys());
    values(text, weights.cross(), cache.values());
  }

  /**
   * Takes condition tokens through the layer and keeps their keys and values.
   *
   * @param tokens [Lc, E], changed in place
   * @param caches their rings are not touched, {@code text} must be filled
   */
  void condition(ConditionPass pass, Tensor tokens, DitLayerWeights weights, LayerCaches caches) {
    Arena workspace = ops.workspace();
    int count = tokens.shape().extent(0);
    try (Arena.Scope scope = workspace.scope()) {
      Tensor modulation = modulation(weights, pass.timestep());
      Tensor x = activations(count);
      normalize(tokens, modulation, ATTENTION, x);
      KeyValue conditions = caches.window().conditions();
      Tensor reference = caches.referenceKeys();
      keys(x, weights.self(), conditions.keys());
      ops.copy(conditions.keys().slice(0, reference.shape().extent(0)), reference);
      turn(pass, conditions.keys());
      values(x, weights.self(), conditions.values());
      for (KeyValue copy : caches.conditionCopies()) {
        ops.copy(conditions.keys(), copy.keys());
        ops.copy(conditions.values(), copy.values());
      }
      Tensor q = heads(activations(count));
      queries(x, weights.self(), q);
      turn(pass, q);
      attend(q, conditions, weights.self(), x);
      ops.addGated(tokens, flat(q), gate(modulation, ATTENTION));
      crossAttention(tokens, weights, caches.text());
      feedForward(tokens, modulation, weights);
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
   * @param tokens [S, E], changed in place
   */
  void denoise(DenoisePass pass, Tensor tokens, DitLayerWeights weights, LayerCaches caches) {
    Arena workspace = ops.workspace();
    int count = tokens.shape().extent(0);
    try (Arena.Scope scope = workspace.scope()) {
      Tensor modulation = modulation(weights, pass.timestep());
      Tensor x = activations(count);
      normalize(tokens, modulation, ATTENTION, x);
      KeyValue own = caches.window().ring(pass.ringToken(), count);
      keys(x, weights.self(), own.keys());
      pass.noisy().turn(ops, own.keys(), own.keys());
      values(x, weights.self(), own.values());
      Tensor q = heads(activations(count));
      queries(x, weights.self(), q);
      pass.noisy().turn(ops, q, q);

      turnReference(pass.reference(), caches);
      attend(q, caches.window().inUse(pass.ringTokens()), weights.self(), x);
      ops.addGated(tokens, flat(q), gate(modulation, ATTENTION));
      crossAttention(tokens, weights, caches.text());
      feedForward(tokens, modulation, weights);
    }
  }

  /** Brings the reference's keys to where the reference is in this forward. */
  private void turnReference(Rope3d.Table angles, LayerCaches caches) {
    Tensor reference = caches.referenceKeys();
    Tensor conditions = caches.window().conditions().keys();
    angles.turn(ops, reference, conditions.slice(0, reference.shape().extent(0)));
  }

  private Tensor modulation(DitLayerWeights weights, TimestepEmbedding timestep) {
    Tensor sum = ops.workspace().tensor(DType.FP32, timestep.layers().shape());
    ops.add(weights.modulation(), timestep.layers(), sum);
    return sum;
  }

  private void normalize(Tensor tokens, Tensor modulation, int first, Tensor out) {
    ops.layerNormModulated(
        tokens, modulation.slice(first + 1, 1), modulation.slice(first, 1), config.epsilon(), out);
  }

  private Tensor gate(Tensor modulation, int first) {
    return modulation.slice(first + 2, 1).reshape(config.width());
  }

  private void crossAttention(Tensor tokens, DitLayerWeights weights, KeyValue text) {
    int count = tokens.shape().extent(0);
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = activations(count);
      Tensor q = heads(activations(count));
      ops.layerNorm(
          tokens, weights.crossNormWeight(), weights.crossNormBias(), config.epsilon(), x);
      queries(x, weights.cross(), q);
      attend(q, text, weights.cross(), x);
      ops.add(tokens, flat(q), tokens);
    }
  }

  private void feedForward(Tensor tokens, Tensor modulation, DitLayerWeights weights) {
    int count = tokens.shape().extent(0);
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = activations(count);
      Tensor hidden = ops.workspace().tensor(ops.activationType(), count, config.ffnWidth());
      normalize(tokens, modulation, FEED_FORWARD, x);
      ops.linear(x, weights.ffnIn(), Activation.GELU_TANH, hidden);
      ops.linear(hidden, weights.ffnOut(), Activation.NONE, x);
      ops.addGated(tokens, x, gate(modulation, FEED_FORWARD));
    }
  }

  /**
   * Adds to every latent frame's tokens what they attend to in its sound.
   *
   * @param tokens [S, E], changed in place
   */
  void injectAudio(Tensor tokens, Sound sound, AudioInjectorWeights weights) {
    int frames = sound.global().shape().extent(0);
    int perFrame = tokens.shape().extent(0) / frames;
    int perFrameSound = sound.tokens().shape().extent(1);
    int width = config.width();
    try (Arena.Scope scope = ops.workspace().scope()) {
      Arena workspace = ops.workspace();
      Tensor activated = activations(frames);
      Tensor shiftAndScale = workspace.tensor(ops.activationType(), frames, 2 * width);
      Tensor shift = activations(frames);
      Tensor scale = activations(frames);
      ops.activate(sound.global(), Activation.SILU, activated);
      ops.linear(activated, weights.adain(), Activation.NONE, shiftAndScale);
      ops.copyColumns(shiftAndScale, 0, shift);
      ops.copyColumns(shiftAndScale, width, scale);

      Tensor x = activations(tokens.shape().extent(0));
      Tensor q = heads(activations(tokens.shape().extent(0)));
      ops.layerNormModulated(tokens, scale, shift, DitConfig.ADAIN_EPSILON, x);
      queries(x, weights.attention(), q);
      Tensor soundTokens = sound.tokens().reshape(frames * perFrameSound, width);
      KeyValue keyValue =
          KeyValue.allocate(workspace, ops.activationType(), config, frames * perFrameSound);
      keys(soundTokens, weights.attention(), keyValue.keys());
      values(soundTokens, weights.attention(), keyValue.values());
      for (int frame = 0; frame < frames; frame++) {
        KeyValue own = keyValue.slice(frame * perFrameSound, perFrameSound);
        int first = frame * perFrame;
        attention(q.slice(first, perFrame), own, x.slice(first, perFrame));
      }
      ops.linear(x, weights.attention().o(), Activation.NONE, flat(q));
      ops.add(tokens, flat(q), tokens);
    }
  }

  /**
   * q = o(attention(q, k, v)).
   *
   * @param between [S, E], overwritten: attention in place would need memory of its own on a GPU
   */
  private void attend(Tensor q, KeyValue context, AttentionWeights weights, Tensor between) {
    attention(q, context, between);
    ops.linear(between, weights.o(), Activation.NONE, flat(q));
  }

  /** out = attention(q, k, v), out being [S, E]. */
  private void attention(Tensor q, KeyValue context, Tensor out) {
    ops.attention(
        q,
        List.of(context.keys()),
        List.of(context.values()),
        config.attentionScale(),
        null,
        heads(out));
  }

  private void queries(Tensor x, AttentionWeights weights, Tensor out) {
    project(x, weights.q(), weights.normQ(), out);
  }

  private void keys(Tensor x, AttentionWeights weights, Tensor out) {
    project(x, weights.k(), weights.normK(), out);
  }

  private void values(Tensor x, AttentionWeights weights, Tensor out) {
    ops.linear(x, weights.v(), Activation.NONE, flat(out));
  }

  private void project(Tensor x, Linear linear, Tensor norm, Tensor out) {
    Tensor flat = flat(out);
    ops.linear(x, linear, Activation.NONE, flat);
    ops.rmsNorm(flat, norm, config.epsilon(), flat);
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
