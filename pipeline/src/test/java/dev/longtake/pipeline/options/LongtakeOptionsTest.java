package dev.longtake.pipeline.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LongtakeOptionsTest {
  @Test
  void needsAManifestAndAnOutputAndNothingElse() {
    LongtakeOptions options = parse("--manifest=in.jsonl", "--output=out");

    assertThat(options.getManifest()).isEqualTo("in.jsonl");
    assertThat(options.getOutput()).isEqualTo("out");
    assertThat(options.getWorkDir()).isEqualTo("out/.longtake-work");
    assertThat(options.getCheckpoint()).isEqualTo("demo");
    assertThat(options.getDevice()).isEqualTo("auto");
    assertThat(options.getStrategy()).isEqualTo("auto");
    assertThat(options.getPrecision()).isNull();
    assertThat(options.getKvPrecision()).isNull();
    assertThat(options.getSize()).isNull();
    assertThat(options.getInferFrames()).isEqualTo(48);
    assertThat(options.getSampleSteps()).isEqualTo(4);
    assertThat(options.getNumClip()).isNull();
    assertThat(options.getContinuity()).isEqualTo("carry");
    assertThat(options.getTakeSeconds()).isNull();
    assertThat(options.getVramLimit()).isNull();
    assertThat(options.getLanes()).isNull();
    assertThat(options.getSeed()).isEqualTo(420);
    assertThat(options.getPostProcessors()).isEmpty();
  }

  @Test
  void readsWhatIsGiven() {
    LongtakeOptions options =
        parse(
            "--manifest=in.jsonl",
            "--output=gs://bucket/out/",
            "--size=720*400",
            "--numClip=3",
            "--lanes=2",
            "--precision=bf16",
            "--kvPrecision=fp8",
            "--vramLimit=22GiB",
            "--postProcessors=caption,loudness",
            "--takePlanner=fixed");

    assertThat(options.getWorkDir()).isEqualTo("gs://bucket/out/.longtake-work");
    assertThat(options.getSize()).isEqualTo("720*400");
    assertThat(options.getNumClip()).isEqualTo(3);
    assertThat(options.getLanes()).isEqualTo(2);
    assertThat(options.getPrecision()).isEqualTo("bf16");
    assertThat(options.getKvPrecision()).isEqualTo("fp8");
    assertThat(options.getVramLimit()).isEqualTo("22GiB");
    assertThat(options.getPostProcessors()).containsExactly("caption", "loudness");
    assertThat(options.getTakePlanner()).isEqualTo("fixed");
    assertThat(parse("--manifest=m", "--output=o", "--workDir=w").getWorkDir()).isEqualTo("w");
  }

  @Test
  void refusesToStartWithoutAManifest() {
    assertThatThrownBy(() -> parse("--output=out"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("manifest");
  }

  @Test
  void isKnownToBeamsCommandLine() {
    // Throws for a property that no registered interface has.
    PipelineOptions options = PipelineOptionsFactory.fromArgs("--sampleSteps=8").create();

    assertThat(options.as(LongtakeOptions.class).getSampleSteps()).isEqualTo(8);
  }

  @ParameterizedTest
  @CsvSource({"strict, STRICT", "carry, CARRY", "parallel, PARALLEL"})
  void readsContinuity(String name, Continuity continuity) {
    assertThat(Continuity.of(name)).isEqualTo(continuity).hasToString(name);
  }

  @Test
  void namesThePoliciesThereAreWhenAskedForAnother() {
    assertThatThrownBy(() -> Continuity.of("Carry"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("--continuity must be one of strict, carry, parallel, but was 'Carry'.");
  }

  private static LongtakeOptions parse(String... args) {
    return PipelineOptionsFactory.fromArgs(args).withValidation().as(LongtakeOptions.class);
  }
}
