package dev.longtake.runtime.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.GpuTeam;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.strategy.tpp.StageSpan;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every layer of every step is dealt to one device, and none has much more to do than another. */
class PipelineLayoutTest {
  private static final ModelShape OFFICIAL = LiveAvatarConfig.shape(400, 720, 48, 4).model();
  private static final double DECODE_LAYERS = 14;

  @ParameterizedTest
  @CsvSource({
    "1, true, 1, 1",
    "2, true, 2, 2",
    "3, true, 2, 3",
    "4, true, 3, 4",
    "5, true, 4, 5",
    "8, true, 4, 5",
    "3, false, 3, 3",
    "8, false, 8, 8",
  })
  void usualTeams(int devices, boolean enableVaeParallel, int stages, int used) {
    PipelineLayout layout = layout(devices, new GpuTeam(0, enableVaeParallel, 1));

    assertThat(layout.stages()).isEqualTo(stages);
    assertThat(layout.roles()).hasSize(used);
    assertThat(layout.roles().get(used - 1).decodes()).isTrue();
    assertThat(layout.roles().subList(0, used - 1)).noneMatch(StageRole::decodes);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "3, 3", "4, 4", "5, 5", "8, 7", "160, 160"})
  void dealsAllLayersEvenly(int devices, int stages) {
    PipelineLayout layout = layout(devices, new GpuTeam(stages, true, 1));

    double ownDecoder = devices > stages ? 0 : DECODE_LAYERS;
    double share = (160 + ownDecoder) / stages;
    int next = 0;
    for (StageRole role : layout.roles().subList(0, stages)) {
      StageSpan span = Objects.requireNonNull(role.span());
      assertThat(span.first()).isEqualTo(next);
      next = span.end();
      double work = next - span.first() + (role.decodes() ? DECODE_LAYERS : 0);
      assertThat(work).isLessThanOrEqualTo(Math.max(share + 1, 1 + DECODE_LAYERS));
    }
    assertThat(next).isEqualTo(160);
  }

  @Test
  void conditionsPassEveryLayerOfEveryStageOnce() {
    for (int first = 0; first < 24; first++) {
      for (int end = first + 1; end <= 24; end++) {
        StageSpan span = new StageSpan(6, first, end);
        boolean[] passed = new boolean[6];
        span.conditionParts()
            .forEach(
                part -> {
                  for (int layer = part.layers().first(); layer < part.layers().end(); layer++) {
                    assertThat(passed[layer]).as("%s, layer %s", span, layer).isFalse();
                    passed[layer] = true;
                  }
                });
        for (int layer = 0; layer < 6; layer++) {
          int wanted = layer;
          boolean has = span.parts().stream().anyMatch(part -> part.layers().contains(wanted));
          assertThat(passed[layer]).as("%s, layer %s", span, layer).isEqualTo(has);
        }
      }
    }
  }

  private static PipelineLayout layout(int devices, GpuTeam team) {
    return PipelineLayout.of(devices, team, OFFICIAL, DECODE_LAYERS);
  }
}
