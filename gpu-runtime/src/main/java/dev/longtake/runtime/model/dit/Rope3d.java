package dev.longtake.runtime.model.dit;

import com.google.common.primitives.Floats;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Fp16;
import dev.longtake.runtime.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Rotary position angles over time, rows and columns.
 *
 * <p>Of a head's D/2 channel pairs, D/6 (rounded down) each belong to rows and columns, the others
 * to time. Pair j of an axis with c pairs turns by position·10000^(−j/c). Cosine and sine are
 * computed in fp64 and rounded to fp16, as the official tables are. Nothing is looked up, so that
 * positions have no upper limit.
 */
public final class Rope3d {
  private static final double BASE = 10_000;
  private static final int FIRST_REFERENCE_POSITION = 30;

  // Where the packed motion latents lie in time: the newest frame, the two before it, and then
  // the four steps that the sixteen oldest are packed to, oldest first.
  private static final int[] FINE_POSITIONS = {-1};
  private static final int[] MIDDLE_POSITIONS = {-3};
  private static final int[] COARSE_POSITIONS = {-19, -14, -9, -4};

  private final float[] cos;
  private final float[] sin;

  private Rope3d(float[] cos, float[] sin) {
    this.cos = cos;
    this.sin = sin;
  }

  /** Angles of a frame block whose first latent frame is frame {@code firstFrame} of the take. */
  public static Rope3d noisy(DitConfig config, TokenGrid grid, int firstFrame) {
    int[] positions = new int[DitConfig.BLOCK_FRAMES];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = firstFrame + i;
    }
    Builder builder = new Builder(config, grid.blockTokens());
    builder.add(positions, samples(grid.rows(), grid.rows()), columnsOf(grid));
    return builder.build();
  }

  /** Angles of the reference picture, {@code position} latent frames into the take. */
  public static Rope3d reference(DitConfig config, TokenGrid grid, int position) {
    Builder builder = new Builder(config, grid.frameTokens());
    builder.add(new int[] {position}, samples(grid.rows(), grid.rows()), columnsOf(grid));
    return builder.build();
  }

  /** Angles of the packed motion latents, which never move. */
  public static Rope3d motion(DitConfig config, TokenGrid grid) {
    Builder builder = new Builder(config, grid.motionTokens());
    builder.add(FINE_POSITIONS, samples(grid.rows(), grid.rows()), columnsOf(grid));
    addCoarser(builder, grid, MIDDLE_POSITIONS, TokenGrid.MIDDLE_PATCH);
    addCoarser(builder, grid, COARSE_POSITIONS, TokenGrid.COARSE_PATCH);
    return builder.build();
  }

  /** Angles of all condition tokens {@code frames} latent frames into the take. */
  public static Rope3d conditions(DitConfig config, TokenGrid grid, int frames) {
    Rope3d reference = reference(config, grid, FIRST_REFERENCE_POSITION + frames);
    Rope3d motion = motion(config, grid);
    return new Rope3d(
        Floats.concat(reference.cos, motion.cos), Floats.concat(reference.sin, motion.sin));
  }

  /**
   * Returns where the reference lies while the block that starts at {@code firstFrame} is denoised:
   * {@code relativeDistance} latent frames after it, but never before position 30.
   */
  public static int referencePosition(int firstFrame, int relativeDistance) {
    return Math.max(FIRST_REFERENCE_POSITION, firstFrame + relativeDistance);
  }

  /** Returns the cosines, [tokens, D/2]; not a copy, so only to be read. */
  public float[] cos() {
    return cos;
  }

  /** Returns the sines, [tokens, D/2]; not a copy, so only to be read. */
  public float[] sin() {
    return sin;
  }

  /** Brings the angles to the device. */
  void upload(Ops ops, Table table) {
    ops.upload(cos, 0, table.cos);
    ops.upload(sin, 0, table.sin);
  }

  /**
   * Angles on the device.
   *
   * @param cos fp32 [tokens, D/2]; {@code sin} likewise
   */
  record Table(Tensor cos, Tensor sin) {
    static Table allocate(Arena arena, DitConfig config, int tokens) {
      int pairs = config.headWidth() / 2;
      return new Table(
          arena.tensor(DType.FP32, tokens, pairs), arena.tensor(DType.FP32, tokens, pairs));
    }

    /** Returns how many tokens have angles. */
    int tokens() {
      return cos.shape().extent(0);
    }

    /** Returns the angles of some of the tokens. */
    Table part(Span tokens) {
      return new Table(tokens.of(cos), tokens.of(sin));
    }

    /** Normalises x [tokens, N, D] over all heads, then turns it, in place. */
    void normalizeAndTurn(Ops ops, Tensor x, Tensor weight, float epsilon) {
      ops.rmsNormRope(x, weight, epsilon, cos, sin, x);
    }

    /**
     * Turns keys [tokens, N, D] and keeps them.
     *
     * @param weight to normalise them with first, or null
     */
    void store(Ops ops, Tensor keys, @Nullable Tensor weight, float epsilon, KvRun out) {
      ops.storeTurnedKeys(keys, weight, epsilon, cos, sin, out);
    }

    /** Turns x [tokens, N, D]; {@code out} may be {@code x}. */
    void turn(Ops ops, Tensor x, Tensor out) {
      ops.rope(x, cos, sin, out);
    }
  }

  private static void addCoarser(Builder builder, TokenGrid grid, int[] positions, int patch) {
    builder.add(
        positions,
        samples(grid.rows(), grid.latentRows() / patch),
        samples(grid.columns(), grid.latentColumns() / patch));
  }

  private static int[] columnsOf(TokenGrid grid) {
    return samples(grid.columns(), grid.columns());
  }

  /** Returns {@code count} of the positions 0 to {@code range − 1}, evenly spread, truncated. */
  private static int[] samples(int range, int count) {
    int[] positions = new int[count];
    double step = count == 1 ? 0 : (range - 1) / (double) (count - 1);
    for (int i = 0; i < count; i++) {
      positions[i] = (int) (i * step);
    }
    if (count > 1) {
      positions[count - 1] = range - 1;
    }
    return positions;
  }

  private static final class Builder {
    private final float[] cos;
    private final float[] sin;
    private final int spacePairs;
    private final int timePairs;
    private int token;

    Builder(DitConfig config, int tokens) {
      int pairs = config.headWidth() / 2;
      this.cos = new float[tokens * pairs];
      this.sin = new float[tokens * pairs];
      this.spacePairs = pairs / 3;
      this.timePairs = pairs - 2 * spacePairs;
    }

    void add(int[] times, int[] rows, int[] columns) {
      int pairs = timePairs + 2 * spacePairs;
      Turns[] rowTurns = Turns.of(rows, spacePairs);
      Turns[] columnTurns = Turns.of(columns, spacePairs);
      for (Turns time : Turns.of(times, timePairs)) {
        for (Turns row : rowTurns) {
          for (Turns column : columnTurns) {
            put(time, token * pairs);
            put(row, token * pairs + timePairs);
            put(column, token * pairs + timePairs + spacePairs);
            token++;
          }
        }
      }
    }

    private void put(Turns turns, int start) {
      System.arraycopy(turns.cos, 0, cos, start, turns.cos.length);
      System.arraycopy(turns.sin, 0, sin, start, turns.sin.length);
    }

    Rope3d build() {
      return new Rope3d(cos, sin);
    }
  }

  /** The angles of one position along one axis, which many tokens share. */
  private static final class Turns {
    private final float[] cos;
    private final float[] sin;

    private Turns(int position, int axisPairs) {
      this.cos = new float[axisPairs];
      this.sin = new float[axisPairs];
      for (int j = 0; j < axisPairs; j++) {
        double angle = position / StrictMath.pow(BASE, j / (double) axisPairs);
        cos[j] = Fp16.round((float) StrictMath.cos(angle));
        sin[j] = Fp16.round((float) StrictMath.sin(angle));
      }
    }

    static Turns[] of(int[] positions, int axisPairs) {
      Turns[] turns = new Turns[positions.length];
      for (int i = 0; i < positions.length; i++) {
        turns[i] = new Turns(positions[i], axisPairs);
      }
      return turns;
    }
  }
}
