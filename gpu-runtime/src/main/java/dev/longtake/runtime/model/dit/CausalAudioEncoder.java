package dev.longtake.runtime.model.dit;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;

/**
 * Turns the sound of a frame block into tokens, a few for each latent frame.
 *
 * <p>The block's frames come after copies of its first one; no history crosses a block's border.
 * Each convolution is causal: its past before the first frame is that frame, repeated.
 */
public final class CausalAudioEncoder {
  /**
   * Copies of the first frame that suffice in front of a block. The official code makes 73, but the
   * last {@value DitConfig#BLOCK_FRAMES} results see no further back than this.
   */
  public static final int LEADING_COPIES = 5;

  private static final int STRIDE = 4;
  private static final float EPSILON = 1e-6f;

  private final Ops ops;
  private final DitConfig config;
  private final DitWeights.AudioEncoderWeights weights;

  CausalAudioEncoder(Ops ops, DitConfig config, DitWeights.AudioEncoderWeights weights) {
    this.ops = ops;
    this.config = config;
    this.weights = weights;
  }

  /**
   * Results of the encoder.
   *
   * @param tokens [F, audio tokens + 1, E]
   * @param global [F, E]
   */
  public record Sound(Tensor tokens, Tensor global) {
    /** Takes memory for {@code frames} latent frames. */
    public static Sound allocate(Arena arena, DType dtype, DitConfig config, int frames) {
      return new Sound(
          arena.tensor(dtype, frames, config.audioTokens() + 1, config.width()),
          arena.tensor(dtype, frames, config.width()));
    }

    /** Returns the latent frames from {@code first} to the end. */
    public Sound from(int first) {
      int count = global.shape().extent(0) - first;
      return new Sound(tokens.slice(first, count), global.slice(first, count));
    }
  }

  /** Returns how many latent frames come out of {@code frames} frames of sound. */
  public static int outputFrames(int frames) {
    return (frames + STRIDE - 1) / STRIDE;
  }

  /**
   * Encodes sound.
   *
   * @param mixed [T, A] the speech encoder's hidden states, mixed, one row a video frame
   * @param leadingCopies copies of the first frame to put in front
   * @param out for {@code outputFrames(leadingCopies + T)} latent frames
   */
  public void encode(Tensor mixed, int leadingCopies, Sound out) {
    int frames = out.global().shape().extent(0);
    int tokens = config.audioTokens() + 1;
    int part = config.width() / config.audioTokens();
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor input = withHistory(leadingCopies + mixed.shape().extent(0), config.audioWidth());
      int first = historyOf(weights.local());
      ops.copy(mixed, input.slice(first + leadingCopies, mixed.shape().extent(0)));
      repeatFirst(input, first + leadingCopies);

      Tensor result = ops.workspace().tensor(ops.activationType(), frames, config.width());
      for (int token = 0; token < config.audioTokens(); token++) {
        chain(input, weights.local().outputs(token * part, part), result);
        scatter(result, out.tokens(), token);
      }
      for (int frame = 0; frame < frames; frame++) {
        ops.copy(weights.paddingToken(), rowOf(out.tokens(), frame * tokens + tokens - 1));
      }
      chain(input, weights.global(), result);
      ops.linear(result, weights.globalOut(), Activation.NONE, out.global());
    }
  }

  /**
   * Three times: convolve, normalise, SiLU, rounded only then. {@code input} has its history in
   * front.
   */
  private void chain(Tensor input, Conv first, Tensor result) {
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor middle = convolved(input, first);
      Tensor last = convolved(middle, weights.second());
      convolve(last, weights.third(), result);
    }
  }

  /** Returns the next convolution's input: its history, then the results. */
  private Tensor convolved(Tensor input, Conv conv) {
    int history = historyOf(conv);
    int frames = (input.shape().extent(0) - conv.shape().kernelT()) / conv.shape().strideT() + 1;
    Tensor next = withHistory(frames, conv.shape().outChannels());
    convolve(input, conv, next.slice(history, frames));
    repeatFirst(next, history);
    return next;
  }

  private void convolve(Tensor input, Conv conv, Tensor out) {
    int frames = out.shape().extent(0);
    int width = out.shape().extent(1);
    try (Arena.Scope scope = ops.workspace().scope()) {
      Tensor sums = ops.workspace().tensor(DType.FP32, frames, width);
      ops.convolve(
          input.reshape(input.shape().extent(0), 1, 1, input.shape().extent(1)),
          conv,
          sums.reshape(frames, 1, 1, width));
      ops.layerNorm(sums, null, null, EPSILON, sums);
      ops.activate(sums, Activation.SILU, out);
    }
  }

  private Tensor withHistory(int frames, int width) {
    return ops.workspace()
        .tensor(ops.activationType(), historyOf(weights.second()) + frames, width);
  }

  /** Fills the first {@code count} rows with the one behind them. */
  private void repeatFirst(Tensor rows, int count) {
    for (int row = 0; row < count; row++) {
      ops.copy(rows.slice(count, 1), rows.slice(row, 1));
    }
  }

  private void scatter(Tensor result, Tensor tokens, int token) {
    int perFrame = tokens.shape().extent(1);
    for (int frame = 0; frame < result.shape().extent(0); frame++) {
      ops.copy(result.slice(frame, 1), rowOf(tokens, frame * perFrame + token));
    }
  }

  private static Tensor rowOf(Tensor tokens, int row) {
    Shape shape = tokens.shape();
    return tokens.reshape(shape.rows(), shape.extent(-1)).slice(row, 1);
  }

  private static int historyOf(Conv conv) {
    return conv.shape().kernelT() - 1;
  }
}
