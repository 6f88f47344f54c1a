package dev.longtake.runtime.model.wav2vec2;

import dev.longtake.runtime.tensor.Tensor;

/** Receives hidden states layer by layer, so that nobody has to hold those of all layers. */
@FunctionalInterface
public interface HiddenStateSink {
  /**
   * Takes the hidden states of one layer for some frames. Over a whole encoding every index is
   * given for every frame exactly once, and for one run of frames the indexes come in order.
   *
   * @param index 0 for the input of the first layer, i for the output of layer i, and the number of
   *     layers for the normalised output of the last one
   * @param firstFrame index in the whole file of the first frame; 0 unless the file is encoded in
   *     windows
   * @param states activation type [frames, hiddenSize]; a view that is overwritten by what is
   *     queued next on the same {@code Ops}, so queue its use or copy it before returning, and do
   *     not write to it
   */
  void accept(int index, int firstFrame, Tensor states);
}
