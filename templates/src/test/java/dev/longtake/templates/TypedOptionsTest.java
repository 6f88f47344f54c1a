package dev.longtake.templates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.pipeline.options.LongtakeOptions;
import java.lang.reflect.Method;
import java.util.Map;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.options.StreamingOptions;
import org.junit.jupiter.api.Test;

class TypedOptionsTest {
  private static final Map<String, String> TYPED =
      Map.ofEntries(
          Map.entry("manifest", "talks.jsonl"),
          Map.entry("output", "out"),
          Map.entry("lanes", "3"),
          Map.entry("inferFrames", "24"),
          Map.entry("seed", "5000000000"),
          Map.entry("allowDegrade", "true"),
          Map.entry("enableVaeParallel", "false"),
          Map.entry("postProcessors", "a,b"),
          Map.entry("vramLimit", "22GiB"));

  @Test
  void areWhatBeamMakesOfTheSame() throws ReflectiveOperationException {
    LongtakeOptions typed = TypedOptions.of(TYPED);
    LongtakeOptions beams =
        PipelineOptionsFactory.fromArgs(
                TYPED.entrySet().stream()
                    .map(entry -> "--" + entry.getKey() + "=" + entry.getValue())
                    .toArray(String[]::new))
            .as(LongtakeOptions.class);

    int read = 0;
    for (Method method : LongtakeOptions.class.getDeclaredMethods()) {
      if (OptionProperty.isGetter(method)) {
        assertThat(method.invoke(typed)).as(method.getName()).isEqualTo(method.invoke(beams));
        read++;
      }
    }
    assertThat(read).isGreaterThan(TYPED.size());
    assertThat(typed.as(LongtakeOptions.class)).isSameAs(typed);
  }

  @Test
  void canOnlyBeRead() {
    LongtakeOptions typed = TypedOptions.of(TYPED);

    assertThatThrownBy(() -> typed.setLanes(1)).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> typed.as(StreamingOptions.class))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("StreamingOptions");
  }
}
