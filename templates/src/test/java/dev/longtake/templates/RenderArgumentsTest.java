package dev.longtake.templates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.pipeline.assembly.PluginRegistry;
import dev.longtake.pipeline.options.LongtakeOptions;
import java.beans.BeanInfo;
import java.beans.Introspector;
import java.beans.PropertyDescriptor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** From what is typed to options, without running anything. */
class RenderArgumentsTest {
  private static final String MANIFEST = "--manifest=in.jsonl";
  private static final String OUTPUT = "--output=out";

  @Test
  void everyPropertyOfTheOptionsIsAnOptionOnce() throws Exception {
    BeanInfo properties = Introspector.getBeanInfo(LongtakeOptions.class);

    assertThat(
            OptionGroup.ALL.stream()
                .flatMap(group -> group.properties().stream())
                .map(OptionProperty::name))
        .doesNotHaveDuplicates()
        .hasSameElementsAs(
            Arrays.stream(properties.getPropertyDescriptors())
                .map(PropertyDescriptor::getName)
                .filter(
                    name ->
                        !Set.of(
                                "runId", // said by the command itself, as is the next
                                "workersElsewhere",
                                "numGpusDit", // among OfficialOptions, as are the next
                                "enableVaeParallel",
                                "ulyssesSize")
                            .contains(name))
                .toList());
  }

  @Test
  void leavesEverythingThatWasNotTypedToTheOptions() {
    LongtakeOptions typed = parse();
    LongtakeOptions plain =
        PipelineOptionsFactory.fromArgs(MANIFEST, OUTPUT).as(LongtakeOptions.class);

    assertThat(arguments()).containsExactly(MANIFEST, OUTPUT);
    assertThat(typed.getWorkDir()).isEqualTo(plain.getWorkDir());
    assertThat(typed.getCheckpoint()).isEqualTo(plain.getCheckpoint());
    assertThat(typed.getDevice()).isEqualTo(plain.getDevice());
    assertThat(typed.getStrategy()).isEqualTo(plain.getStrategy());
    assertThat(typed.getPrecision()).isEqualTo(plain.getPrecision());
    assertThat(typed.getSize()).isEqualTo(plain.getSize());
    assertThat(typed.getInferFrames()).isEqualTo(plain.getInferFrames());
    assertThat(typed.getSampleSteps()).isEqualTo(plain.getSampleSteps());
    assertThat(typed.getNumClip()).isEqualTo(plain.getNumClip());
    assertThat(typed.getContinuity()).isEqualTo(plain.getContinuity());
    assertThat(typed.getTakeSeconds()).isEqualTo(plain.getTakeSeconds());
    assertThat(typed.getVramLimit()).isEqualTo(plain.getVramLimit());
    assertThat(typed.getLanes()).isEqualTo(plain.getLanes());
    assertThat(typed.getCpuThreads()).isEqualTo(plain.getCpuThreads());
    assertThat(typed.getSeed()).isEqualTo(plain.getSeed());
    assertThat(typed.getSource()).isEqualTo(plain.getSource());
    assertThat(typed.getTakePlanner()).isEqualTo(plain.getTakePlanner());
    assertThat(typed.getRenderer()).isEqualTo(plain.getRenderer());
    assertThat(typed.getPostProcessors()).isEqualTo(plain.getPostProcessors());
    assertThat(typed.getSink()).isEqualTo(plain.getSink());
  }

  @Test
  void defaultsAreReadFromTheOptions() {
    assertThat(OptionProperty.declaredBy(LongtakeOptions.class).get("inferFrames").defaultValue())
        .isEqualTo("48");
    assertThat(OptionProperty.declaredBy(LongtakeOptions.class).get("seed").defaultValue())
        .isEqualTo("420");
    assertThat(OptionProperty.declaredBy(LongtakeOptions.class).get("size").defaultValue())
        .isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "--workDir=w, --workDir=w",
    "--checkpoint=c, --checkpoint=c",
    "--ckptDir=c, --checkpoint=c",
    "--ckpt_dir=c, --checkpoint=c",
    "--device=cuda, --device=cuda",
    "--strategy=offload, --strategy=offload",
    "--precision=bf16, --precision=bf16",
    "--fp8, --precision=fp8",
    "--fp8=1, --precision=fp8",
    "--size=720*400, --size=720*400",
    "--inferFrames=80, --inferFrames=80",
    "--infer_frames=80, --inferFrames=80",
    "--sampleSteps=8, --sampleSteps=8",
    "--sample_steps=8, --sampleSteps=8",
    "--numClip=3, --numClip=3",
    "--num_clip=3, --numClip=3",
    "--continuity=strict, --continuity=strict",
    "--takeSeconds=30, --takeSeconds=30",
    "--vramLimit=22GiB, --vramLimit=22GiB",
    "--lanes=2, --lanes=2",
    "--cpuThreads=4, --cpuThreads=4",
    "--seed=7, --seed=7",
    "--baseSeed=7, --seed=7",
    "--base_seed=-1, --seed=-1",
    "--source=s, --source=s",
    "--takePlanner=t, --takePlanner=t",
    "--renderer=r, --renderer=r",
    "'--postProcessors=a,b', '--postProcessors=a,b'",
    "--sink=s, --sink=s",
    "--offloadModel, --strategy=offload",
    "--offloadModel=true, --strategy=offload",
    "--offload_model=True, --strategy=offload",
    "--numGpusDit=4, --strategy=tpp --numGpusDit=4",
    "--num_gpus_dit=4, --strategy=tpp --numGpusDit=4",
    "--ulyssesSize=2, --strategy=sharded --ulyssesSize=2",
    "--ulysses_size=2, --strategy=sharded --ulyssesSize=2",
    "--jobName=j, --jobName=j",
  })
  void understands(String typed, String means) {
    assertThat(arguments(typed)).containsExactly(expected(means));
    assertThat(parse(typed)).isNotNull(); // Beam knows it too
  }

  private static String[] expected(String means) {
    return (MANIFEST + " " + OUTPUT + " " + means).split(" ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--offload_model=False",
        "--num_gpus_dit=1",
        "--ulysses_size=1",
        "--enable_vae_parallel=false",
        "--fp8=0"
      })
  void officialOptionsThatAskForNothingSayNothing(String typed) {
    assertThat(arguments(typed)).containsExactly(MANIFEST, OUTPUT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--manifest", "--sampleList", "--sample_list"})
  void manifestHasItsOfficialName(String name) {
    assertThat(argumentsOf(name + "=in.jsonl", OUTPUT)).containsExactly(MANIFEST, OUTPUT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--output", "--saveDir", "--save_dir"})
  void outputHasItsOfficialName(String name) {
    assertThat(argumentsOf(MANIFEST, name + "=out")).containsExactly(MANIFEST, OUTPUT);
  }

  @Test
  void readsTheOfficialScriptsWayOfWriting() {
    assertThat(
            arguments(
                "--ulysses_size",
                "1",
                "--size",
                "720*400",
                "--base_seed",
                "420",
                "--offload_model",
                "False",
                "--infer_frames",
                "48",
                "--sample_steps",
                "4",
                "--num_clip",
                "10000",
                "--num_gpus_dit",
                "4",
                "--enable_vae_parallel",
                "--ckpt_dir",
                "ckpt/Wan2.2-S2V-14B/",
                "--fp8"))
        .containsExactlyInAnyOrder(
            MANIFEST,
            OUTPUT,
            "--size=720*400",
            "--seed=420",
            "--inferFrames=48",
            "--sampleSteps=4",
            "--numClip=10000",
            "--strategy=tpp",
            "--numGpusDit=4",
            "--enableVaeParallel=true",
            "--checkpoint=ckpt/Wan2.2-S2V-14B/",
            "--precision=fp8");
  }

  @Test
  void takesPostProcessorsOneByOneToo() {
    assertThat(parse("--postProcessors=a,b", "--postProcessors=c").getPostProcessors())
        .containsExactly("a", "b", "c");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b.jsonl", "a,b.jsonl", "[1]", "{\"a\": 1}", "\"quoted\"", "a=b", "%s"})
  void keepsOddNames(String manifest) {
    LongtakeOptions options =
        RenderBatchTemplate.parse(argumentsOf("--manifest=" + manifest, OUTPUT));

    assertThat(options.getManifest()).isEqualTo(manifest);
  }

  @ParameterizedTest
  @CsvSource({
    "--offloadModel=true --strategy=resident, --offloadModel=true, --strategy=resident",
    "--offloadModel=false --strategy=offload, --offloadModel=false, --strategy=offload",
    "--offloadModel=true --numGpusDit=4, --offloadModel=true, --numGpusDit=4",
    "--numGpusDit=4 --ulyssesSize=2, --numGpusDit=4, --ulyssesSize=2",
    "--numGpusDit=1 --strategy=tpp, --numGpusDit=1, --strategy=tpp",
    "--ulyssesSize=1 --strategy=sharded, --ulyssesSize=1, --strategy=sharded",
    "--ulyssesSize=2 --strategy=resident, --ulyssesSize=2, --strategy=resident",
    "--offloadModel --device=cpu, --offloadModel=true, --device=cpu",
    "--numGpusDit=4 --device=cpu, --numGpusDit=4, --device=cpu",
    "--enableVaeParallel, --enableVaeParallel, --strategy=tpp",
    "--enableVaeParallel --strategy=resident, --enableVaeParallel, --strategy=tpp",
    "--fp8 --precision=bf16, --fp8, --precision=bf16",
    "--numGpusDit=0, --numGpusDit, at least 1",
    "--ulyssesSize=-2, --ulyssesSize, at least 1",
  })
  void refusesContradictionsInOneLine(String typed, String one, String other) {
    assertThatThrownBy(() -> arguments(typed.split(" ")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(one, other)
        .message()
        .doesNotContain("\n");
  }

  @ParameterizedTest
  @CsvSource({
    "--offloadModel=true --strategy=offload, --strategy=offload",
    "--offloadModel=true --strategy=auto, --strategy=offload",
    "--offloadModel=false --strategy=resident, --strategy=resident",
    "--enableVaeParallel --strategy=tpp, --strategy=tpp --enableVaeParallel=true",
    "--enable_vae_parallel=no --strategy=tpp, --strategy=tpp --enableVaeParallel=false",
    "--enableVaeParallel --numGpusDit=4, --strategy=tpp --numGpusDit=4 --enableVaeParallel=true",
    "--fp8 --precision=fp8, --precision=fp8",
  })
  void saysOnceWhatWasSaidTwice(String typed, String means) {
    assertThat(arguments(typed.split(" "))).containsExactly(expected(means));
  }

  @ParameterizedTest
  @CsvSource({
    "--manifst=x, There is no option '--manifst'. Is '--manifest' meant?",
    "--targetParalelism=2, Is '--targetParallelism' meant?",
    "--numgpusdit=2, Is '--numGpusDit' meant?",
    "--zzzzzz=1, There is no option '--zzzzzz'.",
    "--runId=1, There is no option '--runId'.",
    "--prompt=hello, is said in the manifest",
    "--sample_solver=euler, The official scripts have it",
    "--targetParallelism=x, Beam refuses --targetParallelism=x",
    "--runner=Foo, supported pipeline runners",
    "stray, 'stray' is no option",
    "-x, '-x' is no option",
    "--lanes=, --lanes",
    "--device=, --device needs a value: write --device=NAME.",
  })
  void refusesWhatNobodyKnows(String typed, String message) {
    assertThatThrownBy(() -> arguments(typed)).hasMessageContaining(message);
  }

  @Test
  void anUnknownOptionIsNamedBeforeWhatIsMissing() {
    assertThatThrownBy(() -> argumentsOf("--manifst=x"))
        .hasMessageContaining("Is '--manifest' meant?");
  }

  @Test
  void namesWhatIsMissing() {
    assertThatThrownBy(() -> argumentsOf(OUTPUT))
        .hasMessage("Missing required option: '--manifest=FILE'");
    assertThatThrownBy(() -> argumentsOf())
        .hasMessage("Missing required options: '--manifest=FILE', '--output=DIR'");
  }

  @Test
  void asksForTheEqualsSignThatBeamNeeds() {
    assertThatThrownBy(() -> arguments("--stableUniqueNames", "OFF"))
        .hasMessageContaining("--stableUniqueNames=OFF");
  }

  @ParameterizedTest
  @CsvSource({
    "--device=cpu, 2",
    "--device=cpu --lanes=1, 2",
    "--device=cpu --lanes=3, 3",
    "'--cpuDevices=2x1GiB,1x2GiB --lanes=3', 9",
  })
  void givesTheDirectRunnerThreadsForTheTakesOfAllDevices(String typed, String threads) {
    LongtakeOptions options = parse(typed.split(" ", -1));
    new RenderBatchTemplate(PluginRegistry.load()).setThreads(options);

    assertThat(options.toString())
        .containsPattern("(?m)^\\s*targetParallelism: " + threads + "$")
        .containsPattern("(?m)^\\s*blockOnRun: false$")
        .containsPattern("(?m)^\\s*enforceImmutability: false$")
        .containsPattern("(?m)^\\s*enforceEncodability: false$");
  }

  @Test
  void checksOfTheDirectRunnerCanBeAskedFor() {
    assertThat(parse("--runner=DirectRunner", "--enforceImmutability=true").toString())
        .containsPattern("(?m)^\\s*enforceImmutability: true$")
        .containsPattern("(?m)^\\s*enforceEncodability: false$");
  }

  @Test
  void pathsForOtherMachinesAreAbsolute() {
    LongtakeOptions options = parse("--checkpoint=c");
    LocalFiles.makeAbsolute(options);

    assertThat(options.getManifest()).startsWith("/").endsWith("/in.jsonl");
    assertThat(options.getOutput()).startsWith("/").endsWith("/out");
    assertThat(options.getWorkDir()).startsWith("/").endsWith("/out/.longtake-work");
    assertThat(options.getCheckpoint()).startsWith("/").endsWith("/c");
  }

  @Test
  void urisAndTheBuiltInCheckpointAreLeftAsTheyAre() {
    LongtakeOptions options =
        RenderBatchTemplate.parse(List.of("--manifest=file:///in", "--output=gs://bucket/out"));
    LocalFiles.makeAbsolute(options);

    assertThat(options.getManifest()).isEqualTo("file:///in");
    assertThat(options.getOutput()).isEqualTo("gs://bucket/out");
    assertThat(options.getWorkDir()).isEqualTo("gs://bucket/out/.longtake-work");
    assertThat(options.getCheckpoint()).isEqualTo("demo");
  }

  private static LongtakeOptions parse(String... typed) {
    return RenderBatchTemplate.parse(arguments(typed));
  }

  private static List<String> arguments(String... typed) {
    List<String> all = new ArrayList<>(List.of(MANIFEST, OUTPUT));
    all.addAll(List.of(typed));
    return argumentsOf(all.toArray(String[]::new));
  }

  private static List<String> argumentsOf(String... typed) {
    RenderCommand command = new RenderCommand();
    new CommandLine(command).parseArgs(typed);
    return command.beamArguments();
  }
}
