package dev.longtake.runtime.model.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.PlannedWeightReader;
import java.util.List;
import org.junit.jupiter.api.Test;

class VaeMemoryTest {
  private static final VaeConfig OFFICIAL = new VaeConfig(List.of(96, 192, 384, 384), 16);
  private static final int LATENT_HEIGHT = 704 / 8;
  private static final int LATENT_WIDTH = 384 / 8;

  /** Values that the official stream state has at 704x384, without rounding to whole lines. */
  private static final long OFFICIAL_STATE_VALUES = 639_209_472;

  private final Ops ops = new PlanningOps(DType.BF16);
  private final Arena state = new Arena("state", new PlannedBlock());
  private final VaeWeights weights =
      VaeWeights.read(
          new PlannedWeightReader(ops, new Arena("weights", new PlannedBlock())), OFFICIAL);

  @Test
  void decoderKeepsTwoFramesOfEveryCausalConvolution() {
    new StreamingVaeDecoder(ops, weights, state, LATENT_HEIGHT, LATENT_WIDTH);

    long statisticsBytes = 2 * Arena.ALIGNMENT_BYTES;
    assertThat(state.peakBytes())
        .isEqualTo(OFFICIAL_STATE_VALUES * DType.BF16.bytes() + statisticsBytes);
  }

  @Test
  void decodingHoldsNoMoreThanInputOutputAndOneWindow() {
    StreamingVaeDecoder decoder =
        new StreamingVaeDecoder(ops, weights, state, LATENT_HEIGHT, LATENT_WIDTH);
    Tensor latent = state.tensor(DType.BF16, 1, LATENT_HEIGHT, LATENT_WIDTH, 16);
    for (int i = 0; i < 3; i++) {
      decoder.decode(
          latent, state.tensor(DType.BF16, decoder.nextFrames(), 704, 384, VaeConfig.COLOURS));
    }

    // The finest level is the largest: 4 frames in, 4 out, and 2 + 4 to be convolved.
    assertThat(ops.workspace().peakBytes()).isEqualTo((4 + 4 + 6) * 96L * 704 * 384 * 2);
  }

  @Test
  void encodingNeedsNoMoreForALongVideo() {
    VaeEncoder encoder = new VaeEncoder(ops, weights, state, 704, 384);
    Tensor latents = state.tensor(DType.BF16, 19, LATENT_HEIGHT, LATENT_WIDTH, 16);
    FrameSource frames = (firstFrame, out) -> {};
    encoder.encode(frames, 5, latents.slice(0, 2));
    long shortBytes = ops.workspace().peakBytes();

    encoder.encode(frames, 73, latents);

    assertThat(ops.workspace().peakBytes()).isEqualTo(shortBytes);
  }

  @Test
  void asksForTheFramesInOrder() {
    VaeEncoder encoder = new VaeEncoder(ops, weights, state, 64, 64);
    StringBuilder asked = new StringBuilder();

    encoder.encode(
        (firstFrame, out) ->
            asked.append(firstFrame).append('+').append(out.shape().extent(0)).append(' '),
        9,
        state.tensor(DType.BF16, 3, 8, 8, 16));

    assertThat(asked).hasToString("0+1 1+4 5+4 ");
  }

  @Test
  void rejectsFramesThatAreNotTheNextOnes() {
    StreamingVaeDecoder decoder = new StreamingVaeDecoder(ops, weights, state, 8, 8);
    Tensor latent = state.tensor(DType.BF16, 1, 8, 8, 16);
    Tensor four = state.tensor(DType.BF16, 4, 64, 64, 3);

    assertThat(decoder.nextFrames()).isEqualTo(1);
    assertThatThrownBy(() -> decoder.decode(latent, four))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("frames must be BF16 [1, 64, 64, 3]");
    decoder.decode(latent, four.slice(0, 1));
    decoder.decode(latent, four);
    decoder.reset();
    assertThat(decoder.nextFrames()).isEqualTo(1);
  }

  @Test
  void rejectsSidesThatAreNoWholeCells() {
    assertThatThrownBy(() -> new VaeEncoder(ops, weights, state, 64, 60))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("60");
  }
}
