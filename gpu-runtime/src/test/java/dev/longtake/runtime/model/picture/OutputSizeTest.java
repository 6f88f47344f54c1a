package dev.longtake.runtime.model.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.InvalidRequestException;
import org.junit.jupiter.api.Test;

class OutputSizeTest {
  private static final int AREA = 720 * 400;

  @Test
  void keepsAPictureThatIsSmallEnoughAndFitsTheGrid() {
    assertThat(OutputSize.forPicture(128, 64, AREA)).isEqualTo(new OutputSize(128, 64));
  }

  @Test
  void roundsASmallPictureUpToTheGrid() {
    assertThat(OutputSize.forPicture(65, 1, AREA)).isEqualTo(new OutputSize(128, 64));
  }

  @Test
  void neverExceedsTheArea() {
    for (int height = 16; height < 3000; height += 61) {
      for (int width = 16; width < 3000; width += 67) {
        OutputSize size = OutputSize.forPicture(height, width, AREA);
        assertThat((long) size.height() * size.width())
            .as("%s rows, %s columns", height, width)
            .isLessThanOrEqualTo(AREA);
      }
    }
  }

  @Test
  void refusesAPictureThatWouldVanish() {
    assertThatThrownBy(() -> OutputSize.forPicture(1, 1_000_000, AREA))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("1000000x1")
        .hasMessageContaining("too narrow");
  }

  @Test
  void refusesSidesOffTheGrid() {
    assertThatThrownBy(() -> new OutputSize(400, 704))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("400");
  }
}
