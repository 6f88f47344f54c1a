package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Lets a pass's tokens attend to each other and to those in the caches. Holds no state. */
abstract class SelfAttention {
  final Ops ops;
  final DitConfig config;
  final AttentionOps attention;

  SelfAttention(AttentionOps attention) {
    this.ops = attention.ops();
    this.config = attention.config();
    this.attention = attention;
  }

  /**
   * Lets condition tokens attend to each other, and keeps their keys and values.
   *
   * @param x of the device's tokens, normalised and modulated
   * @param out activation type [the device's tokens, N, D], of which all heads are one row
   */
  abstract void conditions(
      ConditionPass pass, Tensor x, AttentionWeights weights, LayerCaches caches, Tensor out);

  /** Lets a frame block's tokens attend to the window with themselves, likewise. */
  abstract void block(
      DenoisePass pass, Tensor x, AttentionWeights weights, LayerCaches caches, Tensor out);

  /** Keeps the conditions' keys [Lc, heads of the caches, D], and turns them in place. */
  final void keepKeys(ConditionPass pass, Tensor keys, LayerCaches caches) {
    Tensor reference = caches.referenceKeys();
    ops.copy(keys.slice(0, reference.shape().extent(0)), reference);
    turn(pass, keys);
    windows(caches).forEach(window -> ops.storeKeys(keys, window));
  }

  /** Keeps the conditions' values [Lc, heads of the caches, D]. */
  final void keepValues(Tensor values, LayerCaches caches) {
    windows(caches).forEach(window -> ops.storeValues(values, window));
  }

  private static List<KvRun> windows(LayerCaches caches) {
    List<KvRun> windows = new ArrayList<>(caches.conditionCopies());
    windows.add(caches.window().conditions());
    return windows;
  }

  /** Turns the conditions' queries or keys [Lc, any heads, D] in place. */
  final void turn(ConditionPass pass, Tensor conditions) {
    int references = pass.reference().tokens();
    Tensor reference = conditions.slice(0, references);
    Tensor motion = conditions.slice(references, pass.motion().tokens());
    pass.reference().turn(ops, reference, reference);
    pass.motion().turn(ops, motion, motion);
  }

  /** Brings the reference's keys to where the reference is in this forward. */
  final void turnReference(DenoisePass pass, LayerCaches caches) {
    Tensor raw = caches.referenceKeys();
    KvRun reference = caches.window().conditions().part(0, raw.shape().extent(0));
    pass.reference().store(ops, raw, null, config.epsilon(), reference);
  }
}
