package dev.longtake.pipeline.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.spi.PipelinePlugin;
import dev.longtake.pipeline.spi.TakePlanner;
import dev.longtake.pipeline.spi.TakePlannerFactory;
import java.util.List;
import java.util.function.Function;
import org.apache.beam.sdk.options.PipelineOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PluginRegistryTest {
  @Test
  void findsFactoriesOfAllPluginsByName() {
    TakePlannerFactory first = new Planner("first");
    TakePlannerFactory second = new Planner("second-2");

    PluginRegistry registry =
        PluginRegistry.of(List.of(planners(first), TestPlugins.complete(), planners(second)));

    assertThat(registry.takePlanner("first")).isSameAs(first);
    assertThat(registry.takePlanner("second-2")).isSameAs(second);
    assertThat(registry.takePlanner("halves").name()).isEqualTo("halves");
    assertThat(registry.requestSource("ids").name()).isEqualTo("ids");
    assertThat(registry.renderer("paper").name()).isEqualTo("paper");
    assertThat(registry.postProcessor("stamp-b").name()).isEqualTo("stamp-b");
    assertThat(registry.videoSink("files").name()).isEqualTo("files");
  }

  @Test
  void takesAPluginThatAddsNothing() {
    PluginRegistry registry = PluginRegistry.of(List.of(new PipelinePlugin() {}));

    assertThatThrownBy(() -> registry.renderer("live-avatar"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "No renderer is named 'live-avatar'. On the class path: []."
                + " Does the jar merge META-INF/services?");
  }

  @Test
  void listsEveryKindsOwnNamesWhenAskedForAnother() {
    PluginRegistry registry = PluginRegistry.of(List.of(TestPlugins.complete()));

    assertRefused(registry::requestSource, "No request source is named 'x'", "[ids]");
    assertRefused(registry::takePlanner, "No take planner is named 'x'", "[halves]");
    assertRefused(registry::renderer, "No renderer is named 'x'", "[paper]");
    assertRefused(registry::postProcessor, "No post-processor is named 'x'", "[stamp-a, stamp-b]");
    assertRefused(registry::videoSink, "No video sink is named 'x'", "[files]");
  }

  @Test
  void refusesTwoFactoriesOfOneNameAndNamesBothClasses() {
    List<PipelinePlugin> plugins =
        List.of(planners(new Planner("same")), planners(new OtherPlanner()));

    assertThatThrownBy(() -> PluginRegistry.of(plugins))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Two take planners are named 'same'")
        .hasMessageContaining(Planner.class.getName())
        .hasMessageContaining(OtherPlanner.class.getName());
  }

  @Test
  void letsFactoriesOfTwoKindsShareAName() {
    PluginRegistry registry =
        PluginRegistry.of(List.of(TestPlugins.complete(), planners(new Planner("paper"))));

    assertThat(registry.takePlanner("paper").name()).isEqualTo(registry.renderer("paper").name());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Silence", "two words", "-x", "x-", "x--y", "x_y"})
  void refusesNamesThatAreNoWordsJoinedByDashes(String name) {
    List<PipelinePlugin> plugins = List.of(planners(new Planner(name)));

    assertThatThrownBy(() -> PluginRegistry.of(plugins))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + name + "'")
        .hasMessageContaining(Planner.class.getName());
  }

  private static void assertRefused(Function<String, ?> lookUp, String start, String names) {
    assertThatThrownBy(() -> lookUp.apply("x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(start)
        .hasMessageContaining("On the class path: " + names + ".");
  }

  private static PipelinePlugin planners(TakePlannerFactory... factories) {
    return new PipelinePlugin() {
      @Override
      public List<TakePlannerFactory> takePlanners() {
        return List.of(factories);
      }
    };
  }

  private record Planner(String name) implements TakePlannerFactory {
    @Override
    public TakePlanner create(PipelineOptions options) {
      return speech -> List.of(new FrameRange(0, speech.frames()));
    }
  }

  private static final class OtherPlanner implements TakePlannerFactory {
    @Override
    public String name() {
      return "same";
    }

    @Override
    public TakePlanner create(PipelineOptions options) {
      return speech -> List.of(new FrameRange(0, speech.frames()));
    }
  }
}
