package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.WeightReader;
import org.jspecify.annotations.Nullable;

/**
 * Parameters of one layer, with those of the audio injector behind it.
 *
 * @param modulation [6, E]
 * @param crossNormWeight [E], of the LayerNorm before the cross-attention; {@code crossNormBias}
 *     likewise
 * @param audio null where no audio is injected
 */
public record DitLayerWeights(
    Tensor modulation,
    AttentionWeights self,
    Tensor crossNormWeight,
    Tensor crossNormBias,
    AttentionWeights cross,
    Linear ffnIn,
    Linear ffnOut,
    @Nullable AudioInjectorWeights audio) {
  /** Reads layer {@code layer}. */
  public static DitLayerWeights read(WeightReader reader, DitConfig config, int layer) {
    DitLayerWeights alone = readWithoutAudio(reader, config, layer);
    int injector = config.injectorAfter(layer);
    return injector < 0
        ? alone
        : alone.withAudio(AudioInjectorWeights.read(reader, injector, config.width()));
  }

  /** Reads layer {@code layer} without the audio injector that may be behind it. */
  public static DitLayerWeights readWithoutAudio(WeightReader reader, DitConfig config, int layer) {
    String prefix = "blocks." + layer;
    int width = config.width();
    return new DitLayerWeights(
        reader
            .tensor(prefix + ".modulation", 1, DitConfig.MODULATIONS, width)
            .reshape(DitConfig.MODULATIONS, width),
        AttentionWeights.read(reader, prefix + ".self_attn", width),
        reader.tensor(prefix + ".norm3.weight", width),
        reader.tensor(prefix + ".norm3.bias", width),
        AttentionWeights.read(reader, prefix + ".cross_attn", width),
        reader.linear(prefix + ".ffn.0", config.ffnWidth(), width),
        reader.linear(prefix + ".ffn.2", width, config.ffnWidth()),
        null);
  }

  /** Returns the layer with an audio injector behind it. */
  public DitLayerWeights withAudio(AudioInjectorWeights injector) {
    return new DitLayerWeights(
        modulation, self, crossNormWeight, crossNormBias, cross, ffnIn, ffnOut, injector);
  }

  /**
   * Parameters of an audio injector.
   *
   * @param adain maps a latent frame's sound [E] to shift and scale [2·E]
   */
  public record AudioInjectorWeights(AttentionWeights attention, Linear adain) {
    /** Reads an injector, counted from 0. */
    public static AudioInjectorWeights read(WeightReader reader, int injector, int width) {
      return new AudioInjectorWeights(
          AttentionWeights.read(reader, "audio_injector.injector." + injector, width),
          reader.linear(
              "audio_injector.injector_adain_layers." + injector + ".linear", 2 * width, width));
    }
  }
}
