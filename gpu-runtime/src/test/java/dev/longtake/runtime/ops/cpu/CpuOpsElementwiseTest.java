package dev.longtake.runtime.ops.cpu;

import static dev.longtake.runtime.ops.cpu.Exact.assertExact;
import static dev.longtake.runtime.ops.cpu.Exact.doubles;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.tensor.Tensor;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Inputs are whole numbers or halves of them, so that every result is exact. */
class CpuOpsElementwiseTest {
  private final GuardedTensors tensors = new GuardedTensors();
  private final CpuOps ops = GuardedTensors.usedOps();

  @AfterEach
  void close() {
    ops.close();
    tensors.close();
  }

  record Size(int rows, int width) {
    double[] each(IntToDoubleFunction formula) {
      return IntStream.range(0, rows * width).mapToDouble(formula).toArray();
    }
  }

  // Tasks have 16384 values, or one row.
  static Stream<Size> sizes() {
    return Stream.of(
        new Size(1, 1),
        new Size(7, 3),
        new Size(257, 33),
        new Size(128, 128),
        new Size(5, 16_385),
        new Size(40_000, 1),
        new Size(0, 4));
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void addsElements(Size size) {
    Tensor first = tensors.integers(size.rows, size.width);
    Tensor second = tensors.integers(size.rows, size.width);
    double[] a = doubles(first);
    double[] b = doubles(second);
    double[] expected = size.each(i -> a[i] + b[i]);
    Tensor out = tensors.output(size.rows, size.width);
    ops.add(first, second, out);
    assertExact(out, expected);

    Tensor intoFirst = tensors.copyOf(first);
    ops.add(intoFirst, second, intoFirst);
    assertExact(intoFirst, expected);
    Tensor intoSecond = tensors.copyOf(second);
    ops.add(first, intoSecond, intoSecond);
    assertExact(intoSecond, expected);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void multipliesElements(Size size) {
    Tensor first = tensors.integers(size.rows, size.width);
    Tensor second = tensors.integers(size.rows, size.width);
    double[] a = doubles(first);
    double[] b = doubles(second);
    double[] expected = size.each(i -> a[i] * b[i] + 0.0); // 0 and -0 are equal here
    Tensor out = tensors.output(size.rows, size.width);
    ops.multiply(first, second, out);
    assertExact(out, expected);

    Tensor intoFirst = tensors.copyOf(first);
    ops.multiply(intoFirst, second, intoFirst);
    assertExact(intoFirst, expected);
    Tensor intoSecond = tensors.copyOf(second);
    ops.multiply(first, intoSecond, intoSecond);
    assertExact(intoSecond, expected);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void addsAMultiple(Size size) {
    Tensor input = tensors.integers(size.rows, size.width);
    Tensor addend = tensors.integers(size.rows, size.width);
    double[] a = doubles(input);
    double[] b = doubles(addend);
    Tensor x = tensors.copyOf(input);
    ops.addScaled(x, addend, -1.5f);
    assertExact(x, size.each(i -> a[i] - 1.5 * b[i]));
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void gatesWhatItAdds(Size size) {
    Tensor input = tensors.integers(size.rows, size.width);
    Tensor addend = tensors.integers(size.rows, size.width);
    Tensor gate = tensors.integers(size.width);
    double[] a = doubles(input);
    double[] b = doubles(addend);
    double[] g = doubles(gate);
    Tensor x = tensors.copyOf(input);
    ops.addGated(x, addend, gate);
    assertExact(x, size.each(i -> a[i] + b[i] * g[i % size.width]));
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void addsARowToEveryRow(Size size) {
    Tensor input = tensors.integers(size.rows, size.width);
    Tensor row = tensors.integers(size.width);
    double[] a = doubles(input);
    double[] b = doubles(row);
    Tensor x = tensors.copyOf(input);
    ops.addRow(x, row);
    assertExact(x, size.each(i -> a[i] + b[i % size.width]));
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void scalesAndShiftsColumns(Size size) {
    Tensor input = tensors.integers(size.rows, size.width);
    Tensor scale = tensors.integers(size.width);
    Tensor shift = tensors.integers(size.width);
    double[] a = doubles(input);
    double[] factor = doubles(scale);
    double[] addend = doubles(shift);
    double[] expected = size.each(i -> a[i] * factor[i % size.width] + addend[i % size.width]);
    Tensor out = tensors.output(size.rows, size.width);
    ops.scaleShift(input, scale, shift, out);
    assertExact(out, expected);

    Tensor inPlace = tensors.copyOf(input);
    ops.scaleShift(inPlace, scale, shift, inPlace);
    assertExact(inPlace, expected);
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void fillsAndCopies(Size size) {
    Tensor filled = tensors.output(size.rows, size.width);
    ops.fill(filled, -2.5f);
    assertExact(filled, size.each(i -> -2.5));

    Tensor input = tensors.random(size.rows, size.width);
    Tensor copy = tensors.output(size.width, size.rows);
    ops.copy(input, copy);
    assertExact(copy, doubles(input));
  }

  @Test
  void uploadsAndDownloadsAtOffsets() {
    float[] source = {9, 9, 1, 2, 3, 4, 5, 6, 9};
    Tensor tensor = tensors.output(2, 3);
    ops.upload(source, 2, tensor);
    assertExact(tensor, new double[] {1, 2, 3, 4, 5, 6});

    float[] out = {9, 9, 9, 9, 9, 9, 9};
    ops.download(tensor.slice(1, 1), out, 3);
    assertThat(out).containsExactly(9, 9, 9, 4, 5, 6, 9);
  }

  @Test
  void keepsWhatItUploaded() {
    float[] source = {1, 2};
    Tensor tensor = tensors.output(2);
    ops.upload(source, 0, tensor);
    source[0] = 5;
    ops.synchronize();
    assertExact(tensor, new double[] {1, 2});
  }

  @Test
  void writesPartsOfATensorAlone() {
    Tensor whole = tensors.output(3, 4);
    ops.fill(whole, 1f);
    ops.fill(whole.slice(1, 1), 2f);
    assertExact(whole, new double[] {1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1});
  }
}
