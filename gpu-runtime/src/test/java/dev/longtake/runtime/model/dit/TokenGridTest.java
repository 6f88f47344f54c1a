package dev.longtake.runtime.model.dit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenGridTest {
  @ParameterizedTest(name = "{0}x{1}")
  @CsvSource({
    // height, width in pixels; tokens of a latent frame, of a frame block, of the conditions
    "704,384,1056,3168,2640",
    "640,448,1120,3360,2800",
    "384,256,384,1152,960",
    "720,400,1125,3375,2778",
    "64,64,16,48,40",
  })
  void countsTheTokensOfASize(int height, int width, int frame, int block, int conditions) {
    TokenGrid grid = new TokenGrid(height / 8, width / 8);
    assertThat(grid.frameTokens()).isEqualTo(frame);
    assertThat(grid.blockTokens()).isEqualTo(block);
    assertThat(grid.conditionTokens()).isEqualTo(conditions);
    assertThat(grid.motionTokens()).isEqualTo(conditions - frame);
  }

  @Test
  void countsRowsAndColumnsApart() {
    TokenGrid grid = new TokenGrid(90, 50);
    assertThat(grid.rows()).isEqualTo(45);
    assertThat(grid.columns()).isEqualTo(25);
    assertThat(grid.middleTokens()).isEqualTo(22 * 12);
    assertThat(grid.coarseTokens()).isEqualTo(11 * 6);
  }

  @ParameterizedTest
  @CsvSource({"6,8", "8,6", "9,8", "8,9", "0,8", "-8,8"})
  void rejectsSizesWithoutWholeTokensOrACoarsePatch(int rows, int columns) {
    assertThatThrownBy(() -> new TokenGrid(rows, columns))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("even number of at least 8", "has " + rows + "x" + columns);
  }
}
