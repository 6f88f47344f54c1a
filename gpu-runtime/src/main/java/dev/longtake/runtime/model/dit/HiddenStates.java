package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The hidden states of a pass's tokens on their way through the layers.
 *
 * <p>What a sublayer adds is kept aside until the next normalisation needs the sums, so that adding
 * and normalising read and write them once. That may be in the next layer, so everything that is
 * needed for it belongs to the lane. Whoever looks in between with {@link #sums()} gets them
 * complete, with the same bits.
 */
final class HiddenStates {
  private final Ops ops;
  private final Tensor allSums;
  private final Tensor allAddends;

  // One is in use, and what is pending may have its gate in the other.
  private final Tensor[] modulations = new Tensor[2];
  private int nextModulation;

  private Tensor sums;
  private Tensor addend;
  private @Nullable Tensor gate;
  private boolean pending;

  /**
   * Takes memory.
   *
   * @param tokens the most that a pass may have
   */
  HiddenStates(Ops ops, Arena arena, DitConfig config, int tokens) {
    this.ops = ops;
    this.allSums = arena.tensor(DType.FP32, tokens, config.width());
    this.allAddends = arena.tensor(ops.activationType(), tokens, config.width());
    for (int i = 0; i < modulations.length; i++) {
      modulations[i] = arena.tensor(DType.FP32, DitConfig.MODULATIONS, config.width());
    }
    this.sums = allSums;
    this.addend = allAddends;
  }

  /** Begins a pass; returns where its {@code tokens} embedded tokens go, fp32 [tokens, E]. */
  Tensor begin(int tokens) {
    pending = false;
    sums = allSums.slice(0, tokens);
    addend = allAddends.slice(0, tokens);
    return sums;
  }

  /** Returns how many tokens the pass has. */
  int tokens() {
    return sums.shape().extent(0);
  }

  /** Returns fp32 [S, E], complete; queues the addition that is still pending. */
  Tensor sums() {
    if (pending && gate == null) {
      ops.add(sums, addend, sums);
    } else if (pending) {
      ops.addGated(sums, addend, gate);
    }
    pending = false;
    return sums;
  }

  /**
   * Returns where a sublayer leaves what it gives, activation type [S, E]. Before the first
   * normalisation of a sublayer, it may still have what is pending; from then on it is free.
   */
  Tensor addend() {
    return addend;
  }

  /**
   * Adds what is in {@link #addend()}, each channel times its gate.
   *
   * @param channelGate fp32 [E], or null for 1; of {@link #modulation}, if the sums are not
   *     normalised before the layer ends
   */
  void add(@Nullable Tensor channelGate) {
    gate = channelGate;
    pending = true;
  }

  /** Returns what modulates a layer, fp32 [6, E]; it stays until the next layer's is complete. */
  Tensor modulation(DitLayerWeights weights, TimestepEmbedding timestep) {
    Tensor sum = modulations[nextModulation];
    nextModulation = (nextModulation + 1) % modulations.length;
    ops.add(weights.modulation(), timestep.layers(), sum);
    return sum;
  }

  /** out = (sums − mean)/√(variance + epsilon)·weight + bias; see {@link Ops#layerNorm}. */
  void layerNorm(Tensor weight, Tensor bias, float epsilon, Tensor out) {
    if (pending) {
      ops.addThenLayerNorm(sums, addend, gate, weight, bias, epsilon, out);
      pending = false;
    } else {
      ops.layerNorm(sums, weight, bias, epsilon, out);
    }
  }

  /**
   * out = (sums − mean)/√(variance + epsilon)·(1 + scale) + shift; see {@link
   * Ops#layerNormModulated}.
   */
  void layerNormModulated(Tensor scale, Tensor shift, float epsilon, Tensor out) {
    if (pending) {
      ops.addThenLayerNormModulated(sums, addend, gate, scale, shift, epsilon, out);
      pending = false;
    } else {
      ops.layerNormModulated(sums, scale, shift, epsilon, out);
    }
  }
}
