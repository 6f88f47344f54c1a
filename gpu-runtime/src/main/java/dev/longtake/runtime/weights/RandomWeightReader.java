package dev.longtake.runtime.weights;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Conv;
import dev.longtake.runtime.ops.ConvShape;
import dev.longtake.runtime.ops.Linear;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Fills parameters with random numbers on the device, to measure a model that nobody has to have.
 *
 * <p>A pool of normally distributed numbers is uploaded once for each type; parameters are pieces
 * of it, each from a random position on. So a model of 16 billion parameters is made in seconds,
 * with values as varied as a GPU's power draw asks for. Takes the memory that {@link
 * CheckpointWeightReader} would take, and the pools.
 */
public final class RandomWeightReader implements ArenaWeightReader {
  /** Standard deviation of the weights: keeps activations finite through many layers. */
  private static final float DEVIATION = 0.02f;

  /** Standard deviation of what is rounded to FP8: a row's largest value then fills its range. */
  private static final float FP8_DEVIATION = 100;

  private static final int POOL_ELEMENTS = 1 << 22;

  private final Ops ops;
  private final Arena poolArena;
  private final WeightAllocator allocator;
  private final @Nullable SplittableRandom random; // null: nothing is written
  private final Map<DType, Tensor> pools;
  private final boolean skips;

  /**
   * Creates a reader.
   *
   * @param arena where parameters and pools are taken from; must belong to the device of {@code
   *     ops}
   * @param seed decides all numbers
   */
  public RandomWeightReader(Ops ops, Arena arena, WeightTypes types, long seed) {
    this(
        ops,
        arena,
        new WeightAllocator(arena, types),
        new SplittableRandom(seed),
        new HashMap<>(),
        false);
  }

  private RandomWeightReader(
      Ops ops,
      Arena poolArena,
      WeightAllocator allocator,
      @Nullable SplittableRandom random,
      Map<DType, Tensor> pools,
      boolean skips) {
    this.ops = ops;
    this.poolArena = poolArena;
    this.allocator = allocator;
    this.random = random;
    this.pools = pools;
    this.skips = skips;
  }

  /** Creates a reader that takes the memory that others take, pools too, and writes no number. */
  public static RandomWeightReader planning(Ops ops, Arena arena, WeightTypes types) {
    return new RandomWeightReader(
        ops, arena, new WeightAllocator(arena, types), null, new HashMap<>(), false);
  }

  /** Returns a reader that goes on with this one's random numbers and pools. */
  @Override
  public RandomWeightReader into(Arena arena) {
    return new RandomWeightReader(
        ops, poolArena, new WeightAllocator(arena, allocator.types()), random, pools, false);
  }

  @Override
  public WeightReader placing(Arena arena) {
    return new PlannedWeightReader(arena, allocator.types());
  }

  /** Draws the numbers that others would get, so that those behind them are the same. */
  @Override
  public WeightReader skipping() {
    Arena nowhere = new Arena("skipped weights", new PlannedBlock());
    return new RandomWeightReader(
        ops, poolArena, new WeightAllocator(nowhere, allocator.types()), random, pools, true);
  }

  @Override
  public Tensor tensor(String name, int... shape) {
    return filled(allocator.tensor(shape));
  }

  @Override
  public Linear linear(String prefix, int out, int in) {
    return filled(allocator.linear(prefix, out, in));
  }

  @Override
  public Linear linearWithoutBias(String prefix, int out, int in) {
    return filled(allocator.linearWithoutBias(prefix, out, in));
  }

  @Override
  public Conv conv(String prefix, ConvShape shape) {
    Conv conv = allocator.conv(shape);
    filled(conv.weight());
    if (conv.bias() != null) {
      filled(conv.bias());
    }
    return conv;
  }

  private Linear filled(Linear linear) {
    filled(linear.weight());
    if (linear.bias() != null) {
      filled(linear.bias());
    }
    if (linear.scale() != null && !skips) {
      ops.fill(linear.scale(), DEVIATION / FP8_DEVIATION);
    }
    return linear;
  }

  private Tensor filled(Tensor tensor) {
    Tensor pool = pools.computeIfAbsent(tensor.dtype(), this::pool);
    if (random == null) {
      return tensor;
    }
    int elements = Math.toIntExact(tensor.shape().elements());
    Tensor flat = tensor.reshape(elements);
    int first = 0;
    while (first < elements) {
      int start = random.nextInt(POOL_ELEMENTS / 2) / 256 * 256; // pieces stay aligned
      int count = Math.min(POOL_ELEMENTS - start, elements - first);
      if (!skips) {
        ops.copy(pool.slice(start, count), flat.slice(first, count));
      }
      first += count;
    }
    return tensor;
  }

  private Tensor pool(DType dtype) {
    Tensor pool = poolArena.tensor(dtype, POOL_ELEMENTS);
    if (random == null) {
      return pool;
    }
    float deviation = dtype == DType.FP8_E4M3 ? FP8_DEVIATION : DEVIATION;
    float[] values = new float[POOL_ELEMENTS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    ops.upload(values, 0, pool);
    return pool;
  }
}
