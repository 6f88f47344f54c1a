package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.TensorSource;

/**
 * The shares in which the speech encoder's hidden states are mixed: SiLU of a learnt weight, over
 * the sum of all.
 *
 * <p>Mixing comes first, as it commutes with all that is done to the states before the transformer;
 * so nobody has to keep the states of every layer for every frame.
 */
public final class AudioMix {
  /** The checkpoint's name for the weights. */
  public static final String WEIGHTS = "casual_audio_encoder.weights";

  private final float[] shares;

  private AudioMix(float[] shares) {
    this.shares = shares;
  }

  /** Reads the shares from the transformer's weights. */
  public static AudioMix read(TensorSource tensors, DitConfig config) {
    StoredTensor stored = tensors.tensor(WEIGHTS);
    float[] weights = new float[config.audioStates()];
    stored.read(0, weights, 0, weights.length);
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) (weights[i] / (1 + StrictMath.exp(-weights[i])));
      sum += weights[i];
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] /= (float) sum;
    }
    return new AudioMix(weights);
  }

  /** Returns the number of hidden states. */
  public int states() {
    return shares.length;
  }

  /** Returns the share of a hidden state. */
  public float share(int state) {
    return shares[state];
  }
}
