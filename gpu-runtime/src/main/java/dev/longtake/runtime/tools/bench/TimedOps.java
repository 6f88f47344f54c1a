package dev.longtake.runtime.tools.bench;

import static com.google.common.base.Preconditions.checkState;

import dev.longtake.runtime.engine.device.Timeline;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.Activation;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.StoredUploads;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Operations that can tell which family of them the time goes to. Marks cost time themselves, so
 * nothing is marked unless asked for.
 */
final class TimedOps implements Ops {
  private final Ops inner;
  private final List<Interval> intervals = new ArrayList<>();
  private @Nullable Timeline timeline;
  private String part = "";
  private int lastMark;

  /** What took place up to a mark, from the one before. */
  private record Interval(String part, OpFamily family, String operation, int mark) {}

  /**
   * How long operations took that do the same with the same shapes.
   *
   * @param part what they are part of
   * @param operation name and shapes
   */
  record Measured(String part, OpFamily family, String operation, int count, double millis) {
    private Measured plus(Measured other) {
      return new Measured(part, family, operation, count + other.count, millis + other.millis);
    }
  }

  TimedOps(Ops inner) {
    this.inner = inner;
  }

  /** Returns the operations behind these. */
  Ops inner() {
    return inner;
  }

  /**
   * Begins to mark every operation.
   *
   * @param marks of the operations behind these
   */
  void begin(Timeline marks) {
    timeline = marks;
    enter("");
  }

  /** Says what the operations from here on are part of. */
  void enter(String name) {
    part = name;
    if (timeline != null) {
      lastMark = timeline.mark();
      intervals.add(new Interval("", OpFamily.COPY, "", lastMark));
    }
  }

  /** Ends marking; returns what took place, the longest first. Waits for the device. */
  List<Measured> end() {
    Timeline marks = timeline;
    checkState(marks != null, "marking has not begun");
    timeline = null;
    Map<String, Measured> measured = new HashMap<>();
    int previous = intervals.get(0).mark();
    for (Interval interval : intervals) {
      if (!interval.part().isEmpty()) {
        double millis = marks.millisBetween(previous, interval.mark());
        measured.merge(
            interval.part() + " " + interval.operation(),
            new Measured(interval.part(), interval.family(), interval.operation(), 1, millis),
            Measured::plus);
      }
      previous = interval.mark();
    }
    intervals.clear();
    return measured.values().stream()
        .sorted(Comparator.comparingDouble(Measured::millis).reversed())
        .toList();
  }

  private void passed(OpFamily family, String name, Object... operands) {
    Timeline marks = timeline;
    if (marks == null) {
      return;
    }
    lastMark = marks.mark();
    StringBuilder operation = new StringBuilder(name);
    for (Object operand : operands) {
      operation.append(' ').append(operand);
    }
    intervals.add(new Interval(part, family, operation.toString(), lastMark));
  }

  @Override
  public DType activationType() {
    return inner.activationType();
  }

  @Override
  public Arena workspace() {
    return inner.workspace();
  }

  @Override
  public void upload(float[] source, int sourceOffset, Tensor out) {
    inner.upload(source, sourceOffset, out);
    passed(OpFamily.COPY, "upload", out.shape());
  }

  @Override
  public @Nullable StoredUploads storedUploads() {
    return inner.storedUploads();
  }

  @Override
  public void download(Tensor source, float[] out, int outOffset) {
    inner.download(source, out, outOffset);
    passed(OpFamily.COPY, "download", source.shape());
  }

  @Override
  public void copy(Tensor source, Tensor out) {
    inner.copy(source, out);
    passed(OpFamily.COPY, "copy", source.shape());
  }

  @Override
  public void fill(Tensor out, float value) {
    inner.fill(out, value);
    passed(OpFamily.COPY, "fill", out.shape());
  }

  @Override
  public void synchronize() {
    inner.synchronize();
  }

  @Override
  public Tensor linearInput(int rows, Linear weights) {
    return inner.linearInput(rows, weights);
  }

  @Override
  public void linear(Tensor x, Linear weights, Activation activation, Tensor out) {
    inner.linear(x, weights, activation, out);
    passed(OpFamily.GEMM, "linear", x.shape(), "to", weights.outWidth(), activation);
  }

  @Override
  public void convolve(Tensor x, Conv weights, Tensor out) {
    inner.convolve(x, weights, out);
    passed(OpFamily.CONVOLUTION, "convolve", x.shape(), "to", out.shape());
  }

  @Override
  public void attention(
      Tensor q, List<Tensor> k, List<Tensor> v, float scale, @Nullable Tensor bias, Tensor out) {
    inner.attention(q, k, v, scale, bias, out);
    passed(OpFamily.ATTENTION, "attention", q.shape(), "over", k.size(), "of", k.get(0).shape());
  }

  @Override
  public DType cacheType() {
    return inner.cacheType();
  }

  @Override
  public void storeKeys(Tensor keys, KvRun out) {
    inner.storeKeys(keys, out);
    passed(OpFamily.COPY, "store keys", keys.shape());
  }

  @Override
  public void storeTurnedKeys(
      Tensor keys, @Nullable Tensor weight, float epsilon, Tensor cos, Tensor sin, KvRun out) {
    inner.storeTurnedKeys(keys, weight, epsilon, cos, sin, out);
    passed(OpFamily.NORM, weight == null ? "store turned" : "store normed keys", keys.shape());
  }

  @Override
  public void storeValues(Tensor values, KvRun out) {
    inner.storeValues(values, out);
    passed(OpFamily.COPY, "store values", values.shape());
  }

  @Override
  public void loadKeys(KvRun run, Tensor out) {
    inner.loadKeys(run, out);
    passed(OpFamily.COPY, "load keys", out.shape());
  }

  @Override
  public void loadValues(KvRun run, Tensor out) {
    inner.loadValues(run, out);
    passed(OpFamily.COPY, "load values", out.shape());
  }

  @Override
  public void attention(Tensor q, KvRun context, float scale, Tensor out) {
    inner.attention(q, context, scale, out);
    passed(OpFamily.ATTENTION, "attention", q.shape(), "over", context.count());
  }

  @Override
  public void rmsNormRope(
      Tensor x, Tensor weight, float epsilon, Tensor cos, Tensor sin, Tensor out) {
    inner.rmsNormRope(x, weight, epsilon, cos, sin, out);
    passed(OpFamily.NORM, "rms norm rope", x.shape());
  }

  @Override
  public void addThenLayerNorm(
      Tensor x,
      Tensor y,
      @Nullable Tensor gate,
      Tensor weight,
      Tensor bias,
      float epsilon,
      Tensor out) {
    inner.addThenLayerNorm(x, y, gate, weight, bias, epsilon, out);
    passed(OpFamily.NORM, "add then layer norm", x.shape());
  }

  @Override
  public void addThenLayerNormModulated(
      Tensor x,
      Tensor y,
      @Nullable Tensor gate,
      Tensor scale,
      Tensor shift,
      float epsilon,
      Tensor out) {
    inner.addThenLayerNormModulated(x, y, gate, scale, shift, epsilon, out);
    passed(OpFamily.NORM, "add then layer norm modulated", x.shape());
  }

  @Override
  public void layerNorm(
      Tensor x, @Nullable Tensor weight, @Nullable Tensor bias, float epsilon, Tensor out) {
    inner.layerNorm(x, weight, bias, epsilon, out);
    passed(OpFamily.NORM, "layer norm", x.shape());
  }

  @Override
  public void layerNormModulated(Tensor x, Tensor scale, Tensor shift, float epsilon, Tensor out) {
    inner.layerNormModulated(x, scale, shift, epsilon, out);
    passed(OpFamily.NORM, "layer norm modulated", x.shape());
  }

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor out) {
    inner.rmsNorm(x, weight, epsilon, out);
    passed(OpFamily.NORM, "rms norm", x.shape());
  }

  @Override
  public void channelNorm(Tensor x, Tensor gamma, Activation activation, Tensor out) {
    inner.channelNorm(x, gamma, activation, out);
    passed(OpFamily.NORM, "channel norm", x.shape());
  }

  @Override
  public void activate(Tensor x, Activation activation, Tensor out) {
    inner.activate(x, activation, out);
    passed(OpFamily.ELEMENTWISE, "activate", x.shape());
  }

  @Override
  public void add(Tensor a, Tensor b, Tensor out) {
    inner.add(a, b, out);
    passed(OpFamily.ELEMENTWISE, "add", a.shape());
  }

  @Override
  public void multiply(Tensor a, Tensor b, Tensor out) {
    inner.multiply(a, b, out);
    passed(OpFamily.ELEMENTWISE, "multiply", a.shape());
  }

  @Override
  public void addScaled(Tensor x, Tensor y, float factor) {
    inner.addScaled(x, y, factor);
    passed(OpFamily.ELEMENTWISE, "add scaled", x.shape());
  }

  @Override
  public void addGated(Tensor x, Tensor y, Tensor gate) {
    inner.addGated(x, y, gate);
    passed(OpFamily.ELEMENTWISE, "add gated", x.shape());
  }

  @Override
  public void addRow(Tensor x, Tensor row) {
    inner.addRow(x, row);
    passed(OpFamily.ELEMENTWISE, "add row", x.shape());
  }

  @Override
  public void scaleShift(Tensor x, Tensor scale, Tensor shift, Tensor out) {
    inner.scaleShift(x, scale, shift, out);
    passed(OpFamily.ELEMENTWISE, "scale shift", x.shape());
  }

  @Override
  public void rope(Tensor x, Tensor cos, Tensor sin, Tensor out) {
    inner.rope(x, cos, sin, out);
    passed(OpFamily.ELEMENTWISE, "rope", x.shape());
  }

  @Override
  public void unpatchify(Tensor x, Tensor out) {
    inner.unpatchify(x, out);
    passed(OpFamily.COPY, "unpatchify", x.shape());
  }

  @Override
  public void upsample2x(Tensor x, Tensor out) {
    inner.upsample2x(x, out);
    passed(OpFamily.COPY, "upsample2x", x.shape());
  }

  @Override
  public void copyColumns(Tensor x, int firstColumn, Tensor out) {
    inner.copyColumns(x, firstColumn, out);
    passed(OpFamily.COPY, "copy columns", x.shape());
  }

  @Override
  public void putColumns(Tensor x, Tensor out, int firstColumn) {
    inner.putColumns(x, out, firstColumn);
    passed(OpFamily.COPY, "put columns", x.shape());
  }

  @Override
  public void close() {
    inner.close();
  }
}
