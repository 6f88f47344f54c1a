package dev.longtake.templates;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command as the class path gives it, with the plugin that needs no media. */
class RenderCommandTest {
  private static final String USAGE_HINT = "Try 'longtake render --help'.";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path directory;

  @Test
  void exitsWithZeroWhenAllVideosAreThere() {
    assertThat(render("a,b")).as(err.toString()).isZero();

    assertThat(output().resolve("done-a")).exists();
    assertThat(output().resolve("done-b")).exists();
    assertThat(err.toString()).isEmpty();
    assertThat(out.toString()).containsSubsequence("run ", "watch finished", "watch closed");
  }

  @Test
  void exitsWithOneWhenARequestFailed() {
    assertThat(render("a,bad")).as(err.toString()).isEqualTo(1);

    assertThat(output().resolve("done-a")).exists();
    assertThat(output().resolve("failed-bad")).exists();
    assertThat(out.toString()).containsSubsequence("watch finished", "watch closed");
  }

  @Test
  void exitsWithOneAndTheCausesOwnWordsWhenTheRunFails() {
    assertThat(render("tear")).isEqualTo(1);

    assertThat(err.toString()).isEqualToNormalizingNewlines("longtake: the paper tears\n");
    assertThat(out.toString()).contains("watch closed").doesNotContain("watch finished");
  }

  @Test
  void exitsLikewiseWhenAWorkerCannotBeSetUp() {
    assertThat(render("a", "--vramLimit=0")).isEqualTo(1);

    assertThat(err.toString())
        .isEqualToNormalizingNewlines("longtake: there is no room for paper\n");
  }

  @Test
  void namesTheClassOfACauseWithoutWords() {
    assertThat(render("mute")).isEqualTo(1);

    assertThat(err.toString())
        .isEqualToNormalizingNewlines("longtake: java.lang.IllegalStateException\n");
  }

  @Test
  void theStackTraceLeadsToTheCause() {
    assertThat(render("tear", "--stacktrace")).isEqualTo(1);

    assertThat(err.toString()).contains("at " + PaperPlugin.class.getName());
  }

  @Test
  void exitsWithTwoWhenAPluginRefuses() {
    assertThat(run(argumentsBut("--sink=refusing"))).isEqualTo(2);

    assertThat(err.toString()).isEqualToNormalizingNewlines("longtake: the sink refuses\n");
    assertThat(out.toString()).containsOnlyOnce("watch closed").doesNotContain("watch finished");
    assertThat(output().resolve("done-a")).doesNotExist();
  }

  @Test
  void exitsWithTwoWhenThereIsNoSuchPlugin() {
    assertThat(run(argumentsBut("--renderer=stone"))).isEqualTo(2);

    assertThat(err.toString()).contains("No renderer is named 'stone'.", "paper");
  }

  @Test
  void everyRunHasAnIdOfItsOwn() {
    render("a");
    render("b");

    assertThat(out.toString().lines().filter(line -> line.startsWith("run ")))
        .hasSize(2)
        .doesNotHaveDuplicates()
        .allMatch(line -> line.matches("run [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"));
  }

  @Test
  void tellsTheWatchWhatWasTypedAndThatThereIsNoTerminal() {
    render("a", "--size=16*16");

    assertThat(out.toString())
        .contains("typed longtake render ", " --source=ids ", " '--size=16*16'")
        .containsPattern("version longtake \\d+\\.\\d+\\.\\d+")
        .contains("terminal 0 0");
  }

  @Test
  void refusesAManifestThatIsNotThere() {
    assertThat(run("render", "--manifest=" + directory.resolve("none"), "--output=" + output()))
        .isEqualTo(2);

    assertThat(err.toString()).contains("none: there is no such file.", USAGE_HINT);
    assertThat(output()).doesNotExist();
  }

  @Test
  void refusesAManifestThatIsADirectory() {
    assertThat(run("render", "--manifest=" + directory, "--output=" + output())).isEqualTo(2);

    assertThat(err.toString()).contains("must name a file", "is a directory");
  }

  @Test
  void refusesAnOutputThatIsAFile() throws Exception {
    Files.writeString(output(), "");

    assertThat(render("a")).isEqualTo(2);

    assertThat(err.toString()).contains("--output must name a directory", "is a file", USAGE_HINT);
  }

  @Test
  void refusesAnOutputThatCannotBeMade() throws Exception {
    Files.writeString(output(), "");

    assertThat(run(arguments("a", output().resolve("below").toString()))).isEqualTo(2);

    assertThat(err.toString()).contains("/below: the directory cannot be made");
  }

  @Test
  void makesTheOutputDirectoryFromAUriToo() {
    String uri = output().toUri() + "/deep/er";

    // The paper plugin knows paths alone, so the run fails: but it has started.
    assertThat(run(arguments("a", uri))).as(err.toString()).isEqualTo(1);

    assertThat(output().resolve("deep/er")).isDirectory();
  }

  @Test
  void refusesAnUnknownOptionBeforeAnythingHappens() {
    assertThat(render("a", "--lane=2")).isEqualTo(2);

    assertThat(err.toString())
        .isEqualToNormalizingNewlines(
            "longtake render: There is no option '--lane'. Is '--lanes' meant?\n"
                + USAGE_HINT
                + "\n");
    assertThat(output()).doesNotExist();
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void refusesANumberThatIsNone() {
    assertThat(render("a", "--lanes=two")).isEqualTo(2);

    assertThat(err.toString()).contains("'--lanes'", "'two'", USAGE_HINT);
  }

  @Test
  void helpGroupsTheOptionsAndSaysTheRest() {
    assertThat(run("render", "--help")).isZero();

    assertThat(out.toString())
        .containsSubsequence(
            "Usage: longtake render --manifest=FILE --output=DIR",
            "What to render",
            "--manifest=FILE",
            "--output=DIR",
            "--size=W*H",
            "Model",
            "--checkpoint=DIR",
            "--inferFrames=N",
            "Default:",
            "Device",
            "--strategy=NAME",
            "--offloadModel",
            "Pipeline",
            "--continuity=NAME",
            "Plugins",
            "--postProcessors=A,B",
            "Exit codes",
            "0   all",
            "130   interrupted",
            "Examples",
            "longtake render --manifest=");
    assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "infer_frames",
        "sample_steps",
        "num_clip",
        "base_seed",
        "ckpt_dir",
        "sample_list",
        "save_dir",
        "offload_model",
        "num_gpus_dit",
        "ulysses_size",
        "enable_vae_parallel"
      })
  void helpNamesEveryOfficialSpellingOnce(String name) {
    run("render", "--help");

    assertThat(out.toString()).containsOnlyOnce("--" + name);
  }

  @Test
  void helpHasNoSecondTextForAnOption() {
    run("render", "--help");

    String letters = out.toString().replaceAll("\\s", "");
    OptionGroup.ALL.stream()
        .flatMap(group -> group.properties().stream())
        .forEach(
            property -> assertThat(letters).contains(property.description().replaceAll("\\s", "")));
  }

  private Path output() {
    return directory.resolve("out");
  }

  private int render(String ids, String... more) {
    List<String> all = new ArrayList<>(List.of(arguments(ids, output().toString())));
    all.addAll(List.of(more));
    return run(all.toArray(String[]::new));
  }

  /** What chooses the paper plugin. */
  static String[] arguments(String ids, String output) {
    return new String[] {
      "render",
      "--manifest=" + ids,
      "--output=" + output,
      "--source=ids",
      "--takePlanner=whole-paper",
      "--renderer=paper",
      "--sink=files"
    };
  }

  /** The arguments for one video, except that an option is another. */
  private String[] argumentsBut(String option) {
    String name = option.substring(0, option.indexOf('=') + 1);
    String[] arguments = arguments("a", output().toString());
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].startsWith(name)) {
        arguments[i] = option;
      }
    }
    return arguments;
  }

  private int run(String... args) {
    return Main.run(
        Commands.onClassPath(), new PrintWriter(out, true), new PrintWriter(err, true), args);
  }
}
