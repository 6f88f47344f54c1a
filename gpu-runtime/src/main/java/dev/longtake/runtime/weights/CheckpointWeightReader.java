package dev.longtake.runtime.weights;

import static java.util.Objects.requireNonNull;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Copies parameters from a checkpoint into an arena, in chunks of bounded size, as {@link
 * Ops#activationType()} unless told otherwise.
 *
 * <p>Owns neither the source nor the arena. Remembers which tensors it has read, so that a model
 * can make sure that the checkpoint has no others. Not safe for use by several threads.
 */
public final class CheckpointWeightReader implements ArenaWeightReader {
  private static final int LISTED_NAMES = 5;

  private final TensorSource source;
  private final Ops ops;
  private final WeightAllocator allocator;
  private final Set<String> unread;
  private final boolean skips;
  private final ParameterUpload upload;

  /**
   * Creates a reader.
   *
   * @param source where tensors are read from; must stay open while this is in use
   * @param ops copies them to its device
   * @param arena where tensors are taken from; must belong to the device of {@code ops}
   */
  public CheckpointWeightReader(TensorSource source, Ops ops, Arena arena) {
    this(source, ops, arena, WeightTypes.all(ops.activationType()));
  }

  /** As {@link #CheckpointWeightReader(TensorSource, Ops, Arena)}, with types of one's own. */
  public CheckpointWeightReader(TensorSource source, Ops ops, Arena arena, WeightTypes types) {
    this(source, ops, new WeightAllocator(arena, types), new TreeSet<>(source.names()), false);
  }

  private CheckpointWeightReader(
      TensorSource source, Ops ops, WeightAllocator allocator, Set<String> unread, boolean skips) {
    this.source = requireNonNull(source, "source");
    this.ops = requireNonNull(ops, "ops");
    this.upload = new ParameterUpload(ops);
    this.allocator = allocator;
    this.unread = unread;
    this.skips = skips;
  }

  /** Returns a reader that shares its memory of what has been read with this. */
  @Override
  public CheckpointWeightReader into(Arena arena) {
    return new CheckpointWeightReader(
        source, ops, new WeightAllocator(arena, allocator.types()), unread, false);
  }

  @Override
  public WeightReader placing(Arena arena) {
    return new PlannedWeightReader(arena, allocator.types());
  }

  @Override
  public WeightReader skipping() {
    Arena nowhere = new Arena("skipped weights", new PlannedBlock());
    return new CheckpointWeightReader(
        source, ops, new WeightAllocator(nowhere, allocator.types()), unread, true);
  }

  @Override
  public Tensor tensor(String name, int... shape) {
    StoredTensor stored = require(name, Shape.of(shape));
    Tensor tensor = allocator.tensor(shape);
    copy(stored, tensor);
    return tensor;
  }

  @Override
  public Linear linear(String prefix, int out, int in) {
    StoredTensor weight = require(prefix + ".weight", Shape.of(out, in));
    StoredTensor bias = require(prefix + ".bias", Shape.of(out));
    Linear linear = allocator.linear(prefix, out, in);
    copyMatrix(weight, linear);
    copy(bias, requireNonNull(linear.bias()));
    return linear;
  }

  @Override
  public Linear linearWithoutBias(String prefix, int out, int in) {
    StoredTensor weight = require(prefix + ".weight", Shape.of(out, in));
    Linear linear = allocator.linearWithoutBias(prefix, out, in);
    copyMatrix(weight, linear);
    return linear;
  }

  @Override
  public Conv conv(String prefix, ConvShape shape) {
    StoredTensor weight = source.tensor(prefix + ".weight");
    ConvLayout layout = new ConvLayout(shape);
    if (!layout.accepts(weight.shape())) {
      throw wrongShape(weight, layout.expected());
    }
    StoredTensor bias = require(prefix + ".bias", Shape.of(shape.outChannels()));
    Conv conv = allocator.conv(shape);
    copyChannelsLast(weight, layout, conv.weight());
    copy(bias, requireNonNull(conv.bias()));
    return conv;
  }

  /** Returns the names of the checkpoint's tensors that have not been read, in order. */
  public Set<String> unreadNames() {
    return new TreeSet<>(unread);
  }

  /**
   * Makes sure that the model has read every tensor that the checkpoint has.
   *
   * @param ignorable names of tensors that the model may leave unread
   * @throws LongtakeException INVALID_CHECKPOINT if others are left, so that the configuration
   *     describes another model than the tensors do
   */
  public void requireAllRead(Set<String> ignorable) {
    Set<String> left = unreadNames();
    left.removeAll(ignorable);
    if (!left.isEmpty()) {
      String listed = String.join(", ", left.stream().limit(LISTED_NAMES).toList());
      throw CheckpointFault.of(
          ("%s has %d tensors that the model described by its configuration does not "
                  + "have, among %d: %s%s. Do the configuration and the files belong together, "
                  + "with the same number of layers?")
              .formatted(
                  source.description(),
                  left.size(),
                  source.names().size(),
                  listed,
                  left.size() > LISTED_NAMES ? ", …" : ""));
    }
  }

  private StoredTensor require(String name, Shape shape) {
    StoredTensor stored = source.tensor(name);
    if (!stored.shape().equals(shape)) {
      throw wrongShape(stored, shape.toString());
    }
    return stored;
  }

  private LongtakeException wrongShape(StoredTensor stored, String expected) {
    return CheckpointFault.of(
        ("Tensor %s of %s must be %s according to the model's configuration, but is "
                + "%s %s. Do the configuration and the file belong together?")
            .formatted(stored.name(), stored.file(), expected, stored.dtype(), stored.shape()));
  }

  private void copy(StoredTensor stored, Tensor out) {
    copy(stored, out, null);
  }

  private void copyMatrix(StoredTensor stored, Linear linear) {
    copy(stored, linear.weight(), linear.scale());
  }

  private void copy(StoredTensor stored, Tensor out, @Nullable Tensor scale) {
    unread.remove(stored.name());
    requireOneTensor(stored);
    if (!skips) {
      upload.upload(stored, out, scale);
    }
  }

  private void copyChannelsLast(StoredTensor stored, ConvLayout layout, Tensor out) {
    unread.remove(stored.name());
    if (!skips) {
      upload.uploadReordered(stored, layout::toChannelsLast, out);
    }
  }

  private static void requireOneTensor(StoredTensor stored) {
    long elements = stored.shape().elements();
    if (elements > Integer.MAX_VALUE) {
      throw CheckpointFault.of(
          "Tensor %s of %s has %d elements, but at most 2147483647 can be loaded into one tensor."
              .formatted(stored.name(), stored.file(), elements));
    }
  }
}
