package dev.longtake.runtime.ops.cuda;

import static com.google.common.base.Preconditions.checkArgument;

import dev.longtake.runtime.cuda.DeviceMemory;
import dev.longtake.runtime.cuda.KernelArgs;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys and values of an attention, read as one sequence. Segments that follow one another in memory
 * are one here.
 *
 * @param keys [Sk, N, D] each
 * @param values as {@code keys}
 * @param total the sum of Sk
 */
record KeySegments(List<DeviceTensor> keys, List<DeviceTensor> values, int total) {
  /** The most that the kernels take. */
  static final int MAX_SEGMENTS = 4;

  /**
   * Checks and joins segments.
   *
   * @param q [Sq, N, D], whose heads and type the segments must have
   */
  static KeySegments of(Tensor q, List<Tensor> k, List<Tensor> v) {
    checkArgument(
        !k.isEmpty() && k.size() == v.size(), "%s segments of k, %s of v", k.size(), v.size());
    List<DeviceTensor> keys = new ArrayList<>();
    List<DeviceTensor> values = new ArrayList<>();
    int total = 0;
    for (int i = 0; i < k.size(); i++) {
      int count = k.get(i).shape().extent(0);
      checkArgument(count > 0, "segment %s of k is empty", i);
      Shape shape = q.shape().withOutermost(count);
      k.get(i).require("k", q.dtype(), shape);
      v.get(i).require("v", q.dtype(), shape);
      append(keys, values, DeviceTensor.of(k.get(i)), DeviceTensor.of(v.get(i)));
      total += count;
    }
    checkArgument(
        keys.size() <= MAX_SEGMENTS,
        "at most %s segments that do not follow one another, but there are %s",
        MAX_SEGMENTS,
        keys.size());
    return new KeySegments(List.copyOf(keys), List.copyOf(values), total);
  }

  /** Returns whether all segments are aligned to 16 bytes. */
  boolean isAligned() {
    return keys.stream().allMatch(tensor -> Kernels.packed(tensor) == 1)
        && values.stream().allMatch(tensor -> Kernels.packed(tensor) == 1);
  }

  /** Adds four addresses of keys, four of values, and where the segments from the second begin. */
  KernelArgs addTo(KernelArgs args) {
    addAddresses(args, keys);
    addAddresses(args, values);
    int first = 0;
    for (int i = 0; i < MAX_SEGMENTS; i++) {
      first = i < keys.size() ? first + keys.get(i).shape().extent(0) : total;
      args.int32(first);
    }
    return args;
  }

  private static void append(
      List<DeviceTensor> keys, List<DeviceTensor> values, DeviceTensor k, DeviceTensor v) {
    int last = keys.size() - 1;
    if (last >= 0 && keys.get(last).isFollowedBy(k) && values.get(last).isFollowedBy(v)) {
      keys.set(last, joined(keys.get(last), k));
      values.set(last, joined(values.get(last), v));
    } else {
      keys.add(k);
      values.add(v);
    }
  }

  private static DeviceTensor joined(DeviceTensor a, DeviceTensor b) {
    int count = a.shape().extent(0) + b.shape().extent(0);
    DeviceMemory memory = new DeviceMemory(a.address(), a.bytes() + b.bytes());
    return new DeviceTensor(a.dtype(), a.shape().withOutermost(count), memory);
  }

  private static void addAddresses(KernelArgs args, List<DeviceTensor> segments) {
    for (int i = 0; i < MAX_SEGMENTS; i++) {
      Kernels.pointer(args, i < segments.size() ? segments.get(i) : null);
    }
  }
}
