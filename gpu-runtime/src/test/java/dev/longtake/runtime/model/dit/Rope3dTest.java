package dev.longtake.runtime.model.dit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.tensor.Fp16;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class Rope3dTest {
  private static final DitConfig CONFIG =
      new DitConfig(256, 2, 2, 256, 16, 256, 32, 64, 32, 25, 4, List.of(0, 1), 1e-6f);
  private static final int PAIRS = 64;
  private static final int TIME_PAIRS = 22;
  private static final int SPACE_PAIRS = 21;
  private static final int ROW_PAIR = TIME_PAIRS;
  private static final int COLUMN_PAIR = TIME_PAIRS + SPACE_PAIRS;

  /** Half the distance of neighbouring fp16 values just below 1. */
  private static final double FP16_ROUNDING = 0x1p-12;

  private final TokenGrid grid = new TokenGrid(10, 16);

  @Test
  void noisyTokensTurnByFrameRowAndColumn() {
    for (int first : new int[] {0, 3, 44_998, 45_000, 1_000_000, Integer.MAX_VALUE - 2}) {
      Rope3d angles = Rope3d.noisy(CONFIG, grid, first);
      assertThat(angles.cos()).hasSize(grid.blockTokens() * PAIRS);
      assertThat(angles.sin()).hasSize(grid.blockTokens() * PAIRS);
      for (int token = 0; token < grid.blockTokens(); token++) {
        int frame = first + token / grid.frameTokens();
        int row = token / grid.columns() % grid.rows();
        checkToken(angles, token, frame, row, token % grid.columns());
      }
    }
  }

  @Test
  void referenceTokensTurnByTheirPosition() {
    Rope3d angles = Rope3d.reference(CONFIG, grid, 45_030);
    assertThat(angles.cos()).hasSize(grid.frameTokens() * PAIRS);
    for (int token = 0; token < grid.frameTokens(); token++) {
      checkToken(angles, token, 45_030, token / grid.columns(), token % grid.columns());
    }
  }

  @Test
  void anglesAreRoundedToFp16() {
    Rope3d angles = Rope3d.noisy(CONFIG, grid, 7);
    for (float cos : angles.cos()) {
      assertThat(cos).isEqualTo(Fp16.round(cos));
    }
    assertThat(angles.sin()[0]).isEqualTo(Fp16.round((float) Math.sin(7)));
    assertThat(angles.sin()[0]).isNotEqualTo((float) Math.sin(7));
  }

  @Test
  void motionTokensTurnTheOtherWayInTime() {
    Rope3d newest = Rope3d.motion(CONFIG, grid);
    Rope3d mirrored = Rope3d.reference(CONFIG, grid, 1);
    for (int i = 0; i < grid.frameTokens() * PAIRS; i++) {
      int sign = i % PAIRS < TIME_PAIRS ? -1 : 1;
      assertThat(newest.cos()[i]).isEqualTo(mirrored.cos()[i]);
      assertThat(newest.sin()[i]).isEqualTo(sign * mirrored.sin()[i]);
    }
  }

  @Test
  void motionTokensLieWhereTheOfficialGridsPutThem() {
    TokenGrid tall = new TokenGrid(88, 16);
    int[] middleRows = {
      0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 43
    };
    int[] coarseRows = {0, 4, 8, 12, 17, 21, 25, 30, 34, 38, 43};
    int[] middleColumns = {0, 2, 4, 7};
    int[] coarseColumns = {0, 7};
    Rope3d angles = Rope3d.motion(CONFIG, tall);
    assertThat(angles.cos()).hasSize(tall.motionTokens() * PAIRS);
    int token = tall.frameTokens();
    for (int row : middleRows) {
      for (int column : middleColumns) {
        checkToken(angles, token++, -3, row, column);
      }
    }
    for (int time : new int[] {-19, -14, -9, -4}) {
      for (int row : coarseRows) {
        for (int column : coarseColumns) {
          checkToken(angles, token++, time, row, column);
        }
      }
    }
    assertThat(token).isEqualTo(tall.motionTokens());
  }

  @Test
  void onlyTheReferenceMovesAmongTheConditions() {
    Rope3d conditions = Rope3d.conditions(CONFIG, grid, 12);
    int split = grid.frameTokens() * PAIRS;
    int end = grid.conditionTokens() * PAIRS;
    assertThat(Arrays.copyOf(conditions.cos(), split))
        .isEqualTo(Rope3d.reference(CONFIG, grid, 42).cos());
    assertThat(Arrays.copyOf(conditions.sin(), split))
        .isEqualTo(Rope3d.reference(CONFIG, grid, 42).sin());
    assertThat(Arrays.copyOfRange(conditions.cos(), split, end))
        .isEqualTo(Rope3d.motion(CONFIG, grid).cos());
    assertThat(Arrays.copyOfRange(conditions.sin(), split, end))
        .isEqualTo(Rope3d.motion(CONFIG, grid).sin());
  }

  @Test
  void referenceLiesAheadButNeverBeforeThirty() {
    assertThat(Rope3d.referencePosition(0, 4)).isEqualTo(30);
    assertThat(Rope3d.referencePosition(0, 30)).isEqualTo(30);
    assertThat(Rope3d.referencePosition(26, 4)).isEqualTo(30);
    assertThat(Rope3d.referencePosition(26, 5)).isEqualTo(31);
    assertThat(Rope3d.referencePosition(3, 30)).isEqualTo(33);
    assertThat(Rope3d.referencePosition(99_999, 17)).isEqualTo(100_016);
  }

  private static void checkToken(Rope3d angles, int token, int time, int row, int column) {
    for (int j = 0; j < TIME_PAIRS; j++) {
      checkPair(angles, token * PAIRS + j, time * Math.pow(10_000, -2.0 * j / 44));
    }
    for (int j = 0; j < SPACE_PAIRS; j++) {
      double theta = Math.pow(10_000, -2.0 * j / 42);
      checkPair(angles, token * PAIRS + ROW_PAIR + j, row * theta);
      checkPair(angles, token * PAIRS + COLUMN_PAIR + j, column * theta);
    }
  }

  private static void checkPair(Rope3d angles, int index, double angle) {
    double cosError = Math.abs(angles.cos()[index] - Math.cos(angle));
    double sinError = Math.abs(angles.sin()[index] - Math.sin(angle));
    // Large positions lose digits of their angle: a double holds 2^31 to within 2^-22.
    double limit = FP16_ROUNDING + 0x1p-20;
    if (!(cosError <= limit && sinError <= limit)) {
      assertThat(new double[] {cosError, sinError})
          .as("errors of pair %s of token %s, angle %s", index % PAIRS, index / PAIRS, angle)
          .containsOnly(0);
    }
  }
}
