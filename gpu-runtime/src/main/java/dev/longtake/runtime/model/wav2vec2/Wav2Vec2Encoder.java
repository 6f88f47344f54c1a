package dev.longtake.runtime.model.wav2vec2;

import static com.google.common.base.Preconditions.checkArgument;
import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights.Feature;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights.Layer;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights.Norm;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;

/**
 * Turns speech into hidden states, one a layer and frame: wav2vec2 in its large, layer-normalised
 * build.
 *
 * <p>Owns nothing; used by the thread of its {@code Ops}.
 */
public final class Wav2Vec2Encoder {
  private final Ops ops;
  private final Wav2Vec2Config config;
  private final Wav2Vec2Weights weights;

  /**
   * Creates the encoder.
   *
   * @param weights in memory of {@code ops}, and read for {@code config}
   */
  public Wav2Vec2Encoder(Ops ops, Wav2Vec2Config config, Wav2Vec2Weights weights) {
    this.ops = requireNonNull(ops, "ops");
    this.config = requireNonNull(config, "config");
    this.weights = requireNonNull(weights, "weights");
  }

  /** Returns the sizes this encoder was made for. */
  public Wav2Vec2Config config() {
    return config;
  }

  /**
   * Encodes a file: normalises it as a whole, then computes its windows one after another.
   *
   * <p>Queued and not waited for, except where the sink waits. The workspace it takes depends on
   * the longest window alone.
   *
   * @param samples the whole file, mono, {@value FeatureTiming#SAMPLE_RATE_HZ} Hz, at any level
   * @param windows made for as many samples
   * @param sink called before this returns, on this thread
   */
  public void encode(float[] samples, AudioWindows windows, HiddenStateSink sink) {
    checkArgument(
        windows.frames() == config.frames(samples.length),
        "the windows are for %s frames, but %s samples lead to %s",
        windows.frames(),
        samples.length,
        config.frames(samples.length));
    AudioNormalizer normalizer = AudioNormalizer.of(samples);
    for (AudioWindows.Window window : windows.windows()) {
      try (Arena.Scope scope = ops.workspace().scope()) {
        Tensor input = workspace(window.samples());
        normalizer.upload(ops, samples, window.firstSample(), input);
        Tensor hidden = workspace(config.frames(window.samples()), config.hiddenSize());
        extractFeatures(input, hidden);
        addPositions(hidden);
        Tensor kept = hidden.slice(window.skippedFrames(), window.frames());
        runLayers(hidden, index -> sink.accept(index, window.firstFrame(), kept));
      }
    }
  }

  /** Takes the index of the hidden states that are in place now. */
  private interface Progress {
    void reached(int index);
  }

  private void runLayers(Tensor hidden, Progress progress) {
    for (int i = 0; i < config.layers(); i++) {
      progress.reached(i);
      Layer layer = weights.layers().get(i);
      attend(layer, hidden);
      feedForward(layer, hidden);
    }
    normalize(hidden, weights.norm(), hidden);
    progress.reached(config.layers());
  }

  /**
   * Computes the input of the transformer, without positions.
   *
   * @param input normalised samples [samples]
   * @param out [frames, hiddenSize]
   */
  private void extractFeatures(Tensor input, Tensor out) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor x = input.reshape(input.shape().extent(0), 1, 1, 1);
      Tensor[] buffers = featureBuffers(x.shape());
      for (int i = 0; i < config.features().size(); i++) {
        Feature feature = weights.features().get(i);
        Shape shape = config.featureShape(i).output(x.shape());
        Tensor y =
            buffers[i % 2].slice(0, Math.toIntExact(shape.elements())).reshape(shape.toArray());
        ops.convolve(x, feature.conv(), y);
        normalize(y, feature.norm(), y);
        ops.activate(y, Activation.GELU_ERF, y);
        x = y;
      }
      Tensor features = x.reshape(x.shape().extent(0), x.shape().extent(3));
      normalize(features, weights.projectionNorm(), features);
      ops.linear(features, weights.projection(), Activation.NONE, out);
    }
  }

  /** Returns the memory that the convolutions' results take turns in. */
  private Tensor[] featureBuffers(Shape input) {
    long[] elements = new long[2];
    Shape shape = input;
    for (int i = 0; i < config.features().size(); i++) {
      shape = config.featureShape(i).output(shape);
      elements[i % 2] = Math.max(elements[i % 2], shape.elements());
    }
    return new Tensor[] {
      workspace(Math.toIntExact(elements[0])), workspace(Math.toIntExact(elements[1]))
    };
  }

  /** Adds to every frame what a convolution over its neighbours says about its position. */
  private void addPositions(Tensor hidden) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      int frames = hidden.shape().extent(0);
      int width = config.hiddenSize();
      ConvShape shape = config.positionShape();
      // Half a kernel of zeros on both sides; an even kernel's surplus last frame is never made.
      int before = shape.kernelT() / 2;
      int after = shape.kernelT() - 1 - before;
      Tensor padded = workspace(before + frames + after, 1, 1, width);
      ops.fill(padded.slice(0, before), 0);
      ops.copy(hidden, padded.slice(before, frames));
      ops.fill(padded.slice(before + frames, after), 0);
      Tensor positions = workspace(frames, 1, 1, width);
      ops.convolve(padded, weights.position(), positions);
      ops.activate(positions, Activation.GELU_ERF, positions);
      ops.add(hidden, positions.reshape(frames, width), hidden);
    }
  }

  /** Adds the attention of every frame to every frame to {@code hidden}. */
  private void attend(Layer layer, Tensor hidden) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      int frames = hidden.shape().extent(0);
      Tensor normed = workspace(frames, config.hiddenSize());
      normalize(hidden, layer.attentionNorm(), normed);
      Tensor q = project(normed, layer.q());
      Tensor k = project(normed, layer.k());
      Tensor v = project(normed, layer.v());
      float scale = (float) (1 / Math.sqrt(config.headWidth()));
      ops.attention(q, List.of(k), List.of(v), scale, null, q);
      Tensor joined = q.reshape(frames, config.hiddenSize());
      ops.linear(joined, layer.o(), Activation.NONE, normed);
      ops.add(hidden, normed, hidden);
    }
  }

  /** Returns [frames, heads, headWidth]. */
  private Tensor project(Tensor x, Linear projection) {
    int frames = x.shape().extent(0);
    Tensor result = workspace(frames, config.heads(), config.headWidth());
    ops.linear(x, projection, Activation.NONE, result.reshape(frames, config.hiddenSize()));
    return result;
  }

  /** Adds down(gelu(up(x))) to {@code hidden}, x being its normalisation. */
  private void feedForward(Layer layer, Tensor hidden) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      int frames = hidden.shape().extent(0);
      Tensor normed = workspace(frames, config.hiddenSize());
      Tensor inner = workspace(frames, config.intermediateSize());
      normalize(hidden, layer.ffnNorm(), normed);
      ops.linear(normed, layer.up(), Activation.GELU_ERF, inner);
      ops.linear(inner, layer.down(), Activation.NONE, normed);
      ops.add(hidden, normed, hidden);
    }
  }

  private void normalize(Tensor x, Norm norm, Tensor out) {
    ops.layerNorm(x, norm.weight(), norm.bias(), config.epsilon(), out);
  }

  private Tensor workspace(int... extents) {
    return ops.workspace().tensor(ops.activationType(), extents);
  }
}
