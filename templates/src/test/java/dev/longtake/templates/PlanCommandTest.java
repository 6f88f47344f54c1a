package dev.longtake.templates;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.templates.PlanTemplate.BatchPlan;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path directory;

  @Test
  void saysWhatWouldBeRenderedAndRendersNothing() throws IOException {
    assertThat(plan("b,a")).as(err.toString()).isZero();

    assertThat(out.toString().lines().map(line -> line.replaceAll(" +", " ")))
        .containsExactly(
            "video size length takes clips reused time",
            "a 16x16 0:00 1 3 1 1:00",
            "b 16x16 0:00 1 3 1 1:00",
            "in total, 2 0:01 2 6 2 2:00",
            "time: paper is patient; videos one after the other");
    try (Stream<Path> made = Files.list(directory.resolve("out"))) {
      assertThat(made).isEmpty();
    }
  }

  @Test
  void takesTheOptionsOfRender() {
    assertThat(plan("a", "--num_clip=0x")).isEqualTo(2);
    assertThat(err.toString()).contains("'--num_clip'");
  }

  @Test
  void namesWhatCannotBeRendered() {
    FailedRequest failure =
        FailedRequest.builder()
            .setLine(7)
            .setSource("{}")
            .setId("x")
            .setStage("prepare")
            .setCode("SILENT_AUDIO")
            .setMessage("The audio is silent.")
            .build();

    assertThat(PlanTable.lines(new BatchPlan(List.of(), List.of(failure), "")))
        .last()
        .isEqualTo("line 7 cannot be rendered: SILENT_AUDIO: The audio is silent.");
  }

  @Test
  void listsWaysToPlaceAModelWithoutManifestFilesOrGpu() {
    assertThat(placements("--gpus=2xh100", "--shape=14b", "--precision=fp8"))
        .as(err.toString())
        .isZero();

    assertThat(out.toString())
        .startsWith("2xh100: 14b at 720x400, 48 frames a clip, 4 steps")
        .contains("offload on one h100", "one engine a GPU", "sharded by layers")
        .containsPattern("fastest: one engine a GPU in fp8, .*, [0-9.]+ fps");
  }

  @Test
  void exitsWithThreeWhereNothingFitsAndSaysWhatWould() {
    String[] small = {"--gpus=1x6GiB", "--shape=14b", "--hostMemory=16GiB", "--json"};

    assertThat(placements(small)).as(err.toString()).isEqualTo(3);

    assertThat(out.toString()).startsWith("{").contains("\"fits\" : false", "What lacks least is");
  }

  private int placements(String... options) {
    String[] arguments =
        Stream.concat(Stream.of("plan"), Stream.of(options)).toArray(String[]::new);
    return Main.run(
        Commands.onClassPath(), new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }

  private int plan(String ids, String... more) {
    String[] arguments =
        Stream.concat(
                Stream.of(RenderCommandTest.arguments(ids, directory.resolve("out").toString())),
                Stream.of(more))
            .toArray(String[]::new);
    arguments[0] = "plan";
    return Main.run(
        Commands.onClassPath(), new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
