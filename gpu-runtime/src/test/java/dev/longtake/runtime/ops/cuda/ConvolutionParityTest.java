package dev.longtake.runtime.ops.cuda;

import static dev.longtake.runtime.tensor.DType.BF16;
import static dev.longtake.runtime.tensor.DType.FP16;
import static dev.longtake.runtime.tensor.DType.FP32;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.cuda.ParityTrial.Pair;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Fp16;
import dev.longtake.runtime.tensor.Shape;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("gpu")
class ConvolutionParityTest {
  // Rounding the result to bf16 costs a relative error of 1.7e-3 in the mean, or 2.8e-6 squared;
  // to fp16 an eighth of it.
  private static final double MAX_NMSE_BF16 = 5e-6;
  private static final double MAX_NMSE_FP16 = 8e-8;

  // Tensor cores cut off the last bit of their fp32 sums, each time: 1.9e-11 for 4096 terms.
  private static final double MAX_NMSE_FP32 = 1e-10;

  record Case(String name, DType in, DType out, Shape input, ConvShape shape) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Case fp16(String name, Shape input, ConvShape shape) {
    return new Case(name, FP16, FP16, input, shape);
  }

  static Stream<Case> cases() {
    return Stream.of(
        fp16("3x3x3, Hopper", Shape.of(5, 13, 11, 32), ConvShape.same(96, 32, 3, 3)),
        fp16("3x3x3, 192 channels", Shape.of(4, 9, 35, 96), ConvShape.same(192, 96, 3, 3)),
        fp16("3x3x3 of one frame", Shape.of(3, 50, 90, 384), ConvShape.same(384, 384, 3, 3)),
        fp16("colours", Shape.of(4, 21, 37, 96), ConvShape.same(3, 96, 3, 3)),
        fp16("1x3x3", Shape.of(2, 20, 30, 192), ConvShape.same(96, 192, 1, 3)),
        fp16("3x1x1 in space", Shape.of(5, 7, 9, 64), ConvShape.same(202, 64, 3, 1)),
        fp16("16 channels", Shape.of(3, 10, 18, 16), ConvShape.same(384, 16, 3, 3)),
        fp16("many positions", Shape.of(3, 130, 170, 40), ConvShape.same(48, 40, 3, 3)),
        fp16("many of both", Shape.of(1, 130, 270, 24), ConvShape.same(230, 24, 1, 3)),
        fp16("odd channels", Shape.of(3, 9, 8, 3), ConvShape.same(12, 3, 3, 3)),
        fp16("odd results", Shape.of(3, 9, 8, 8), ConvShape.same(33, 8, 3, 3)),
        fp16(
            "step 2, padded behind",
            Shape.of(2, 21, 31, 96),
            new ConvShape(96, 96, 1, 3, 3, 1, 2, 2, 0, 1, 1)),
        fp16("time, step 2", Shape.of(21, 1, 1, 256), ConvShape.overTime(128, 256, 3, 2)),
        fp16("one channel", Shape.of(100, 1, 1, 1), ConvShape.overTime(32, 1, 10, 5)),
        fp16("groups", Shape.of(140, 1, 1, 64), ConvShape.overTime(64, 64, 128, 1).withGroups(4)),
        fp16("pointwise", Shape.of(2, 5, 7, 24), ConvShape.same(40, 24, 1, 1)),
        new Case(
            "patches to fp32",
            BF16,
            FP32,
            Shape.of(3, 10, 18, 16),
            ConvShape.patches(512, 16, 1, 2, 2)),
        new Case(
            "coarse patches",
            BF16,
            FP32,
            Shape.of(16, 16, 24, 16),
            ConvShape.patches(256, 16, 4, 8, 8)),
        new Case(
            "sound", BF16, FP32, Shape.of(86, 1, 1, 1024), ConvShape.overTime(1280, 1024, 3, 1)),
        new Case(
            "sound, step 2", BF16, FP32, Shape.of(87, 1, 1, 96), ConvShape.overTime(64, 96, 3, 2)),
        new Case("bf16 results", BF16, BF16, Shape.of(3, 9, 8, 16), ConvShape.same(24, 16, 3, 3)),
        new Case(
            "one channel in fp32",
            FP32,
            FP32,
            Shape.of(100, 1, 1, 1),
            ConvShape.overTime(32, 1, 10, 5)),
        new Case(
            "groups in fp32",
            FP32,
            FP32,
            Shape.of(140, 1, 1, 64),
            ConvShape.overTime(64, 64, 128, 1).withGroups(4)),
        new Case("fp32", FP32, FP32, Shape.of(3, 9, 8, 6), ConvShape.same(12, 6, 3, 3)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void matchesReference(Case c) {
    for (boolean biased : new boolean[] {true, false}) {
      try (ParityTrial trial = ParityTrial.open(3)) {
        Pair x = trial.input(c.in, c.input.toArray());
        Pair weight = trial.input(0.1, c.in, c.shape.outChannels(), c.shape.windowSize());
        Pair bias = biased ? trial.input(c.in, c.shape.outChannels()) : null;
        Pair out = trial.output(c.out, c.shape.output(c.input).toArray());

        trial.run(
            (ops, side) ->
                ops.convolve(
                    side.of(x),
                    new Conv(c.shape, side.of(weight), side.ofNullable(bias)),
                    side.of(out)));

        assertThat(trial.nmse(out)).isLessThan(limit(c.out));
      }
    }
  }

  @Test
  void resultsTooLargeForFp16AreItsLargest() {
    try (ParityTrial trial = ParityTrial.open(4)) {
      for (int channels : new int[] {32, 24}) { // Hopper's kernel and the other one
        ConvShape shape = ConvShape.same(96, channels, 3, 3);
        Pair x = trial.input(200, FP16, 3, 9, 8, channels);
        Pair weight = trial.input(200, FP16, 96, shape.windowSize());
        Pair out = trial.output(FP16, 1, 9, 8, 96);

        trial.gpu().convolve(x.device(), new Conv(shape, weight.device(), null), out.device());

        float[] values = ParityTrial.read(trial.gpu(), out.device());
        assertThat(values).contains(Fp16.LARGEST, -Fp16.LARGEST);
        for (float value : values) {
          assertThat(Math.abs(value)).isLessThanOrEqualTo(Fp16.LARGEST);
        }
      }
    }
  }

  private static double limit(DType out) {
    return switch (out) {
      case BF16 -> MAX_NMSE_BF16;
      case FP16 -> MAX_NMSE_FP16;
      default -> MAX_NMSE_FP32;
    };
  }
}
