package dev.longtake.runtime.weights;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Checks the entries of a safetensors header and turns them into tensors. */
final class SafetensorsHeader {
  private static final String METADATA = "__metadata__";

  private static final Map<String, DType> DTYPES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("F64", DType.FP64),
              Map.entry("F32", DType.FP32),
              Map.entry("F16", DType.FP16),
              Map.entry("BF16", DType.BF16),
              Map.entry("F8_E4M3", DType.FP8_E4M3),
              Map.entry("I64", DType.INT64),
              Map.entry("I32", DType.INT32),
              Map.entry("I16", DType.INT16),
              Map.entry("I8", DType.INT8),
              Map.entry("U8", DType.UINT8),
              Map.entry("BOOL", DType.BOOL)));

  private final MappedFile file;
  private final long dataStart;
  private final long dataBytes;

  /**
   * Creates a reader for one header.
   *
   * @param dataStart where the header ends in the file
   */
  SafetensorsHeader(MappedFile file, long dataStart) {
    this.file = file;
    this.dataStart = dataStart;
    this.dataBytes = file.sizeBytes() - dataStart;
  }

  /** Where a tensor's data lies, counted from the header's end. */
  private record Range(String name, long begin, long end) {}

  /**
   * Returns all tensors by name, in the header's order.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if an entry is malformed, points out of the file,
   *     or overlaps another
   */
  Map<String, MappedTensor> tensors(JsonNode header) {
    Map<String, MappedTensor> tensors = new LinkedHashMap<>();
    List<Range> ranges = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      String name = entry.getKey();
      if (name.equals(METADATA)) {
        continue;
      }
      DType dtype = dtype(name, entry.getValue().get("dtype"));
      Shape shape = shape(name, entry.getValue().get("shape"));
      Range range = range(name, entry.getValue().get("data_offsets"), dtype, shape);
      ranges.add(range);
      tensors.put(
          name,
          new MappedTensor(
              name,
              file,
              dtype,
              shape,
              dataStart + range.begin,
              MappedTensor.rowMajorStrides(shape)));
    }
    requireDisjoint(ranges);
    return tensors;
  }

  private DType dtype(String name, @Nullable JsonNode node) {
    String text = node == null || !node.isTextual() ? "" : node.textValue();
    DType dtype = DTYPES.get(text);
    if (dtype == null) {
      throw fault(
          name,
          "has dtype %s, but one of %s was expected. Convert it to one of these."
              .formatted(shown(node), DTYPES.keySet()));
    }
    return dtype;
  }

  private Shape shape(String name, @Nullable JsonNode node) {
    if (node == null || !node.isArray()) {
      throw fault(
          name,
          ("has shape %s, but a list of extents was expected. The header is damaged; "
                  + "download the file again.")
              .formatted(shown(node)));
    }
    long[] extents = new long[node.size()];
    for (int i = 0; i < extents.length; i++) {
      JsonNode extent = node.get(i);
      boolean integer = extent.isIntegralNumber() && extent.canConvertToLong();
      extents[i] = integer ? extent.longValue() : -1;
    }
    Shape shape = StoredShape.of(extents);
    if (shape == null) {
      throw fault(
          name,
          "has shape %s, but %s were expected. The header is damaged; download the file again."
              .formatted(shown(node), StoredShape.RULE));
    }
    return shape;
  }

  private Range range(String name, @Nullable JsonNode node, DType dtype, Shape shape) {
    boolean pair =
        node != null
            && node.isArray()
            && node.size() == 2
            && node.get(0).isIntegralNumber()
            && node.get(0).canConvertToLong()
            && node.get(1).isIntegralNumber()
            && node.get(1).canConvertToLong();
    if (!pair) {
      throw fault(
          name,
          ("has data_offsets %s, but two integers were expected. The header is "
                  + "damaged; download the file again.")
              .formatted(shown(node)));
    }
    long begin = node.get(0).longValue();
    long end = node.get(1).longValue();
    if (begin < 0 || end < begin || end > dataBytes) {
      throw fault(
          name,
          ("lies at bytes %d to %d, but the file has data from 0 to %d. It is "
                  + "truncated or damaged; download it again.")
              .formatted(begin, end, dataBytes));
    }
    long expectedBytes = shape.elements() * dtype.bytes();
    if (end - begin != expectedBytes) {
      throw fault(
          name,
          ("is %s %s, which takes %d bytes, but its data_offsets span %d. The header "
                  + "is damaged; download the file again.")
              .formatted(dtype, shape, expectedBytes, end - begin));
    }
    return new Range(name, begin, end);
  }

  private void requireDisjoint(List<Range> ranges) {
    ranges.sort(Comparator.comparingLong(Range::begin).thenComparingLong(Range::end));
    Range previous = new Range("", 0, 0);
    for (Range range : ranges) {
      if (range.begin < previous.end && range.begin < range.end) {
        throw fault(
            range.name,
            ("lies at bytes %d to %d, which overlap those of %s at %d to %d. Every "
                    + "tensor must have its own; download the file again.")
                .formatted(
                    range.begin,
                    range.end,
                    CheckpointFault.quote(previous.name),
                    previous.begin,
                    previous.end));
      }
      if (range.end > previous.end) {
        previous = range;
      }
    }
  }

  private LongtakeException fault(String name, String what) {
    return CheckpointFault.of(
        "Tensor %s of %s %s".formatted(CheckpointFault.quote(name), file.path(), what));
  }

  private static String shown(@Nullable JsonNode node) {
    return node == null ? "nothing" : CheckpointFault.quote(node.toString());
  }
}
