package dev.longtake.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

/** What is refused before the GPU is asked. */
class ShapesTest {
  @Test
  void describesALaunchAsErrorsShowIt() {
    assertThat(new LaunchShape(3375, 256, 0)).hasToString("grid=3375x1x1 block=256 shared=0 B");
    assertThat(LaunchShape.covering(257, 256).gridX()).isEqualTo(2);
    assertThatIllegalArgumentException().isThrownBy(() -> new LaunchShape(1, 2048, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new LaunchShape(0, 32, 0));
  }

  @Test
  void fp8NeedsScalesAndWidthsOfWholeTiles() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GemmShape.of(1, 32, 32, GemmType.FP8_TO_BF16, GemmEpilogue.NONE));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new GemmShape(
                    1, 40, 32, GemmType.FP8_TO_BF16, GemmScales.PER_ROW, GemmEpilogue.NONE))
        .withMessageContaining("16");
  }

  @Test
  void operandsMustFitTheShape() {
    GemmShape shape = GemmShape.of(2, 8, 4, GemmType.BF16, GemmEpilogue.BIAS);
    DeviceMemory x = new DeviceMemory(0, 2 * 8 * 2);
    DeviceMemory weight = new DeviceMemory(0, 4 * 8 * 2);
    DeviceMemory out = new DeviceMemory(0, 2 * 4 * 2);

    GemmOperands.of(x, weight, new DeviceMemory(0, 4 * 2), out).require(shape);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> GemmOperands.of(x, weight, null, out).require(shape))
        .withMessageContaining("bias must have 8 bytes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GemmOperands.of(x, weight, new DeviceMemory(0, 16), out).require(shape))
        .withMessageContaining("but has 16");
  }

  @Test
  void aConvolutionsResultFollowsFromItsInput() {
    ConvolutionShape shape = new ConvolutionShape(5, 9, 11, 16, 8, 3, 3, 3, 2, 2, 2, 0, 1, false);

    assertThat(shape.outFrames()).isEqualTo(2);
    assertThat(shape.outRows()).isEqualTo(4);
    assertThat(shape.outColumns()).isEqualTo(5);
    assertThat(shape.weightBytes()).isEqualTo(2L * 8 * 27 * 16);
  }

  @Test
  void channelsLastMeansChannelsNextToOneAnother() {
    assertThat(ConvolutionGraph.channelsLastStrides(new long[] {2, 3, 5, 7}))
        .containsExactly(105, 1, 21, 3);
    assertThat(ConvolutionGraph.channelsLastStrides(new long[] {1, 4, 2, 3, 5}))
        .containsExactly(120, 1, 60, 20, 4);
  }

  @Test
  void memoryKnowsItsPartsAndWhatFollows() {
    DeviceMemory memory = new DeviceMemory(1000, 100);

    assertThat(memory.part(0, 40).isFollowedBy(memory.part(40, 60))).isTrue();
    assertThat(memory.part(0, 40).isFollowedBy(memory.part(41, 59))).isFalse();
    assertThat(memory.part(40, 60).address()).isEqualTo(1040);
  }
}
