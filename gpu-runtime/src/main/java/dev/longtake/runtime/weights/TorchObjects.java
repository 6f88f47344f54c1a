package dev.longtake.runtime.weights;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.weights.Pickled.Dict;
import dev.longtake.runtime.weights.Pickled.Global;
import dev.longtake.runtime.weights.Pickled.Storage;
import dev.longtake.runtime.weights.Pickled.Text;
import dev.longtake.runtime.weights.Pickled.Tuple;
import dev.longtake.runtime.weights.Pickled.View;
import dev.longtake.runtime.weights.Pickled.Whole;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The functions and classes that a pickled state dict may mention, and what they stand for. */
final class TorchObjects {
  private static final String ORDERED_DICT = "collections.OrderedDict";
  private static final String REBUILD_TENSOR = "torch._utils._rebuild_tensor_v2";
  private static final String REBUILD_PARAMETER = "torch._utils._rebuild_parameter";

  private static final Map<String, DType> STORAGES =
      Map.ofEntries(
          Map.entry("torch.DoubleStorage", DType.FP64),
          Map.entry("torch.FloatStorage", DType.FP32),
          Map.entry("torch.HalfStorage", DType.FP16),
          Map.entry("torch.BFloat16Storage", DType.BF16),
          Map.entry("torch.LongStorage", DType.INT64),
          Map.entry("torch.IntStorage", DType.INT32),
          Map.entry("torch.ShortStorage", DType.INT16),
          Map.entry("torch.CharStorage", DType.INT8),
          Map.entry("torch.ByteStorage", DType.UINT8),
          Map.entry("torch.BoolStorage", DType.BOOL));

  private static final Set<String> ALLOWED = allowed();

  private final String file;

  /**
   * Creates the objects of one pickle.
   *
   * @param file names the pickle in messages
   */
  TorchObjects(String file) {
    this.file = file;
  }

  /**
   * Returns an allowed global.
   *
   * @param name module and name, joined by a dot
   * @throws LongtakeException INVALID_CHECKPOINT if it is not one of the few that are needed
   */
  Global global(String name) {
    if (!ALLOWED.contains(name)) {
      throw CheckpointFault.of(
          ("The pickle of %s refers to %s, which is refused: a file of tensors needs "
                  + "only %s. Do not load this file elsewhere unless you trust its origin; "
                  + "take a checkpoint that holds nothing but a state_dict().")
              .formatted(file, CheckpointFault.quote(name), ALLOWED));
    }
    return new Global(name);
  }

  /**
   * Returns what a call stands for; nothing is called.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if the arguments are not those of the function
   */
  Pickled call(Pickled callable, Pickled arguments) {
    if (callable instanceof Global function && arguments instanceof Tuple tuple) {
      List<Pickled> items = tuple.items();
      if (function.name().equals(ORDERED_DICT) && items.isEmpty()) {
        return Dict.empty();
      }
      if (function.name().equals(REBUILD_TENSOR) && items.size() >= 6 && items.size() <= 7) {
        return view(items);
      }
      if (function.name().equals(REBUILD_PARAMETER)
          && items.size() == 3
          && items.get(0) instanceof View view) {
        return view;
      }
      throw damaged("calls %s with other arguments than torch.save".formatted(function.name()));
    }
    throw damaged("calls a %s with a %s".formatted(callable.kind(), arguments.kind()));
  }

  /**
   * Returns the storage that a persistent id names: ('storage', type, key, location, elements).
   *
   * @throws LongtakeException INVALID_CHECKPOINT if it is anything else
   */
  Storage storage(Pickled id) {
    if (id instanceof Tuple tuple
        && tuple.items().size() == 5
        && tuple.items().get(0) instanceof Text tag
        && tag.value().equals("storage")
        && tuple.items().get(1) instanceof Global type
        && STORAGES.containsKey(type.name())
        && tuple.items().get(2) instanceof Text key
        && tuple.items().get(4) instanceof Whole elements) {
      return new Storage(STORAGES.get(type.name()), key.value(), elements.value());
    }
    throw damaged("has a persistent id that is not a storage's");
  }

  private View view(List<Pickled> arguments) {
    if (arguments.get(0) instanceof Storage storage
        && arguments.get(1) instanceof Whole offset
        && arguments.get(2) instanceof Tuple size
        && arguments.get(3) instanceof Tuple stride) {
      return new View(storage, offset.value(), numbers(size), numbers(stride));
    }
    throw damaged("describes a tensor with other arguments than torch.save");
  }

  private List<Long> numbers(Tuple tuple) {
    // Refused here and not later, so that a tuple used many times is not copied as often.
    if (tuple.items().size() > StoredShape.LARGEST_RANK) {
      throw damaged("has a tensor of %d dimensions".formatted(tuple.items().size()));
    }
    List<Long> numbers = new ArrayList<>();
    for (Pickled item : tuple.items()) {
      if (!(item instanceof Whole number)) {
        throw damaged("has a tensor with an extent or stride that is a " + item.kind());
      }
      numbers.add(number.value());
    }
    return numbers;
  }

  private LongtakeException damaged(String what) {
    return CheckpointFault.of(
        ("The pickle of %s %s. The file is damaged, or was not written by torch.save; "
                + "download it again.")
            .formatted(file, what));
  }

  private static Set<String> allowed() {
    Set<String> names = new TreeSet<>(STORAGES.keySet());
    names.addAll(List.of(ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER));
    return names;
  }
}
