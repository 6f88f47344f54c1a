package dev.longtake.runtime.weights;

import com.google.common.base.Utf8;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.weights.Pickled.Constant;
import dev.longtake.runtime.weights.Pickled.Dict;
import dev.longtake.runtime.weights.Pickled.Real;
import dev.longtake.runtime.weights.Pickled.Sequence;
import dev.longtake.runtime.weights.Pickled.Text;
import dev.longtake.runtime.weights.Pickled.Tuple;
import dev.longtake.runtime.weights.Pickled.Whole;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Interprets the few pickle instructions that {@code torch.save} writes for a state dict.
 *
 * <p>Nothing is executed: a "call" is one of the three that {@link TorchObjects} knows and yields a
 * description. Any other instruction or global is refused with its name. Every instruction takes at
 * least a byte and makes at most one value, so memory is bounded by the pickle's length. General
 * pickle libraries are not used because they construct whatever is registered with them and leave
 * unknown classes as maps, which is more than a file from elsewhere should be able to ask for.
 */
final class Unpickler {
  private static final int OLDEST_PROTOCOL = 2;
  private static final int NEWEST_PROTOCOL = 4;

  private final ByteBuffer pickle;
  private final String file;
  private final TorchObjects objects;
  private final List<Pickled> stack = new ArrayList<>();
  private final Deque<Integer> marks = new ArrayDeque<>();
  private final Map<Integer, Pickled> memo = new HashMap<>();

  /**
   * Creates an interpreter for one pickle.
   *
   * @param file names the pickle in messages
   */
  Unpickler(byte[] pickle, String file) {
    this.pickle = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    this.file = file;
    this.objects = new TorchObjects(file);
  }

  /**
   * Returns the value that the pickle describes.
   *
   * @throws LongtakeException INVALID_CHECKPOINT if it is malformed or asks for anything that a
   *     state dict does not need
   */
  Pickled load() {
    while (true) {
      int start = pickle.position();
      int code = unsignedByte();
      PickleOpcode opcode = PickleOpcode.of(code);
      if (opcode == null) {
        throw damaged("has no instruction 0x%02X, but byte %d is one".formatted(code, start));
      }
      if (opcode == PickleOpcode.STOP) {
        return pop();
      }
      execute(opcode);
    }
  }

  private void execute(PickleOpcode opcode) {
    switch (opcode) {
      case PROTO -> protocol();
      case FRAME -> take(Long.BYTES);
      case MARK -> marks.push(stack.size());
      case NONE -> push(Constant.NONE);
      case NEWTRUE -> push(Constant.TRUE);
      case NEWFALSE -> push(Constant.FALSE);
      case BININT -> push(new Whole(take(Integer.BYTES).getInt()));
      case BININT1 -> push(new Whole(unsignedByte()));
      case BININT2 -> push(new Whole(Short.toUnsignedLong(take(Short.BYTES).getShort())));
      case LONG1 -> push(new Whole(longNumber()));
      case BINFLOAT -> push(new Real(take(Double.BYTES).order(ByteOrder.BIG_ENDIAN).getDouble()));
      case BINUNICODE -> push(new Text(text(length())));
      case SHORT_BINUNICODE -> push(new Text(text(unsignedByte())));
      case EMPTY_LIST -> push(new Sequence(new ArrayList<>()));
      case APPEND -> append(List.of(pop()));
      case APPENDS -> append(popToMark());
      case EMPTY_TUPLE -> push(new Tuple(List.of()));
      case TUPLE -> push(new Tuple(popToMark()));
      case TUPLE1 -> push(new Tuple(pop(1)));
      case TUPLE2 -> push(new Tuple(pop(2)));
      case TUPLE3 -> push(new Tuple(pop(3)));
      case EMPTY_DICT -> push(Dict.empty());
      case SETITEM -> putAll(pop(2));
      case SETITEMS -> putAll(popToMark());
      case BINPUT -> memo.put(unsignedByte(), top());
      case LONG_BINPUT -> memo.put(take(Integer.BYTES).getInt(), top());
      case MEMOIZE -> memo.put(memo.size(), top());
      case BINGET -> push(remembered(unsignedByte()));
      case LONG_BINGET -> push(remembered(take(Integer.BYTES).getInt()));
      case GLOBAL -> push(objects.global(line() + "." + line()));
      case STACK_GLOBAL -> stackGlobal();
      case REDUCE -> reduce();
      case BUILD -> build();
      case BINPERSID -> push(objects.storage(pop()));
      default ->
          throw CheckpointFault.of(
              ("The pickle of %s contains the instruction %s, which no state dict of "
                      + "tensors needs. Save the model's state_dict() with torch.save, or "
                      + "convert the file to safetensors.")
                  .formatted(file, opcode));
    }
  }

  private void protocol() {
    int protocol = unsignedByte();
    if (protocol < OLDEST_PROTOCOL || protocol > NEWEST_PROTOCOL) {
      throw CheckpointFault.of(
          ("The pickle of %s has protocol %d, but %d to %d were expected. Save it "
                  + "again with torch.save's default protocol.")
              .formatted(file, protocol, OLDEST_PROTOCOL, NEWEST_PROTOCOL));
    }
  }

  private void stackGlobal() {
    List<Pickled> names = pop(2);
    if (names.get(0) instanceof Text module && names.get(1) instanceof Text name) {
      push(objects.global(module.value() + "." + name.value()));
      return;
    }
    throw damaged("names a global by something other than two texts");
  }

  private void reduce() {
    List<Pickled> call = pop(2);
    push(objects.call(call.get(0), call.get(1)));
  }

  // torch attaches version numbers to an OrderedDict this way; they say nothing about tensors.
  private void build() {
    pop();
    if (!(top() instanceof Dict)) {
      throw damaged(
          "sets the state of a %s, but only a dict's was expected".formatted(top().kind()));
    }
  }

  private void append(List<Pickled> items) {
    if (!(top() instanceof Sequence sequence)) {
      throw damaged("appends to a %s".formatted(top().kind()));
    }
    sequence.items().addAll(items);
  }

  private void putAll(List<Pickled> items) {
    if (!(top() instanceof Dict dict) || items.size() % 2 != 0) {
      throw damaged("adds %d keys and values to a %s".formatted(items.size(), top().kind()));
    }
    for (int i = 0; i < items.size(); i += 2) {
      if (!(items.get(i) instanceof Text key)) {
        throw damaged("has a dict key that is a %s, not a text".formatted(items.get(i).kind()));
      }
      if (dict.items().put(key.value(), items.get(i + 1)) != null) {
        throw damaged("has two dict entries %s".formatted(CheckpointFault.quote(key.value())));
      }
    }
  }

  private Pickled remembered(int key) {
    Pickled value = memo.get(key);
    if (value == null) {
      throw damaged("uses value %d before storing it".formatted(key));
    }
    return value;
  }

  private void push(Pickled value) {
    stack.add(value);
  }

  private Pickled top() {
    requireDepth(1);
    return stack.get(stack.size() - 1);
  }

  private Pickled pop() {
    requireDepth(1);
    return stack.remove(stack.size() - 1);
  }

  private List<Pickled> pop(int count) {
    requireDepth(count);
    return takeFrom(stack.size() - count);
  }

  private List<Pickled> popToMark() {
    Integer mark = marks.poll();
    if (mark == null) {
      throw damaged("uses a mark that it never set");
    }
    return takeFrom(mark);
  }

  private List<Pickled> takeFrom(int first) {
    List<Pickled> tail = stack.subList(first, stack.size());
    List<Pickled> taken = List.copyOf(tail);
    tail.clear();
    return taken;
  }

  private void requireDepth(int count) {
    int bottom = marks.isEmpty() ? 0 : marks.peek();
    if (stack.size() - bottom < count) {
      throw damaged("uses %d values where it has %d".formatted(count, stack.size() - bottom));
    }
  }

  private long longNumber() {
    int count = unsignedByte();
    if (count > Long.BYTES) {
      throw damaged("has an integer of %d bytes, but at most 8 were expected".formatted(count));
    }
    ByteBuffer bytes = take(count);
    long value = 0;
    for (int i = 0; i < count; i++) {
      value |= (bytes.get() & 0xFFL) << (8 * i);
    }
    int unused = Long.SIZE - 8 * count;
    return count == 0 ? 0 : value << unused >> unused;
  }

  private int unsignedByte() {
    return take(1).get() & 0xFF;
  }

  private int length() {
    int length = take(Integer.BYTES).getInt();
    if (length < 0) {
      throw damaged("has a text of %s bytes".formatted(Integer.toUnsignedString(length)));
    }
    return length;
  }

  private String text(int count) {
    ByteBuffer bytes = take(count);
    if (!Utf8.isWellFormed(bytes.array(), bytes.arrayOffset(), count)) {
      throw damaged("has a text that is not UTF-8");
    }
    return StandardCharsets.UTF_8.decode(bytes).toString();
  }

  private String line() {
    int end = pickle.position();
    while (end < pickle.limit() && pickle.get(end) != '\n') {
      end++;
    }
    String line = text(end - pickle.position());
    take(1);
    return line;
  }

  private ByteBuffer take(int count) {
    if (count > pickle.remaining()) {
      throw damaged(
          "ends after %d bytes, but needs %d more"
              .formatted(pickle.limit(), count - pickle.remaining()));
    }
    ByteBuffer taken = pickle.slice(pickle.position(), count).order(ByteOrder.LITTLE_ENDIAN);
    pickle.position(pickle.position() + count);
    return taken;
  }

  private LongtakeException damaged(String what) {
    return CheckpointFault.of(
        "The pickle of %s %s. The file is damaged; download it again.".formatted(file, what));
  }
}
