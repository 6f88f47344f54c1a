package dev.longtake.templates;

import com.google.common.base.Ascii;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;

/**
 * Options of the official scripts that say in other words what ours say, and what they come to.
 *
 * @param offloadModel whether weights wait in host memory; null and false leave it open
 * @param numGpusDit GPUs for the transformer, its timesteps spread over them; null if not given
 * @param ulyssesSize GPUs for the transformer, its tokens spread over them; null if not given
 * @param enableVaeParallel whether the VAE has a GPU of its own; null if not given
 * @param fp8 whether the transformer computes in fp8; null if not given
 */
record OfficialOptions(
    @Nullable Boolean offloadModel,
    @Nullable Integer numGpusDit,
    @Nullable Integer ulyssesSize,
    @Nullable Boolean enableVaeParallel,
    @Nullable Boolean fp8) {
  private static final String OFFLOAD_MODEL = "--offloadModel";
  private static final String NUM_GPUS_DIT = "--numGpusDit";
  private static final String ULYSSES_SIZE = "--ulyssesSize";
  private static final String ENABLE_VAE_PARALLEL = "--enableVaeParallel";
  private static final String FP8 = "--fp8";

  /** What the official scripts are told on their command line, and we in the manifest. */
  private static final Set<String> IN_MANIFEST = Set.of("prompt", "image", "audio");

  private static final Set<String> WITHOUT_COUNTERPART =
      Set.of(
          "convert_model_dtype",
          "dataset_sample_idx",
          "dit_fsdp",
          "drop_motion_noisy",
          "enable_online_decode",
          "enable_tts",
          "frame_num",
          "load_lora",
          "lora_path",
          "lora_path_dmd",
          "offload_kv_cache",
          "pose_video",
          "prompt_extend_method",
          "prompt_extend_model",
          "prompt_extend_target_lang",
          "sample_guide_scale",
          "sample_shift",
          "sample_solver",
          "save_file",
          "server_name",
          "server_port",
          "single_gpu",
          "start_from_ref",
          "t5_cpu",
          "t5_fsdp",
          "task",
          "training_config",
          "tts_prompt_audio",
          "tts_prompt_text",
          "tts_text",
          "use_dataset",
          "use_prompt_extend",
          "using_merged_ckpt");

  static List<OptionSpec> ofModel() {
    return List.of(flag("Compute in fp8, as --precision=fp8 does.", FP8));
  }

  static List<OptionSpec> ofDevice() {
    return List.of(
        flag(
            "Keep the weights in host memory, as --strategy=offload does. 'false' leaves it to"
                + " --strategy.",
            OFFLOAD_MODEL,
            "--offload_model"),
        number(
            "GPUs for the transformer, each at its own timesteps; above 1 it means --strategy=tpp.",
            NUM_GPUS_DIT,
            "--num_gpus_dit"),
        number(
            "GPUs for the transformer, each with its part of the tokens; above 1 it means"
                + " --strategy=sharded.",
            ULYSSES_SIZE,
            "--ulysses_size"),
        flag(
            "Give the VAE a GPU of its own; with --strategy=tpp.",
            ENABLE_VAE_PARALLEL,
            "--enable_vae_parallel"));
  }

  private static OptionSpec flag(String description, String... names) {
    return OptionSpec.builder(names)
        .type(Boolean.class)
        .arity("0..1")
        .fallbackValue("true")
        .paramLabel("BOOL")
        .converters(new YesOrNo())
        .description(description)
        .build();
  }

  private static OptionSpec number(String description, String... names) {
    return OptionSpec.builder(names)
        .type(Integer.class)
        .arity("1")
        .paramLabel("N")
        .description(description)
        .build();
  }

  /**
   * Returns what was typed.
   *
   * @throws IllegalArgumentException if a number of GPUs is below 1
   */
  static OfficialOptions in(ParseResult typed) {
    OfficialOptions options =
        new OfficialOptions(
            typed.matchedOptionValue(OFFLOAD_MODEL, null),
            typed.matchedOptionValue(NUM_GPUS_DIT, null),
            typed.matchedOptionValue(ULYSSES_SIZE, null),
            typed.matchedOptionValue(ENABLE_VAE_PARALLEL, null),
            typed.matchedOptionValue(FP8, null));
    requireGpus(NUM_GPUS_DIT, options.numGpusDit);
    requireGpus(ULYSSES_SIZE, options.ulyssesSize);
    return options;
  }

  private static void requireGpus(String option, @Nullable Integer gpus) {
    if (gpus != null && gpus < 1) {
      throw new IllegalArgumentException(
          "%s must be at least 1, but was %d.".formatted(option, gpus));
    }
  }

  /**
   * Returns the strategy that these options and {@code --strategy} come to; null if none says any.
   *
   * @param strategy what {@code --strategy} says, null if nothing
   * @param device what {@code --device} says, null if nothing
   * @throws IllegalArgumentException if two of them contradict each other; the message names both
   */
  @Nullable String strategy(@Nullable String strategy, @Nullable String device) {
    Choice choice =
        new Choice(strategy == null || strategy.equals("auto") ? null : strategy, "--strategy");
    if (Boolean.TRUE.equals(offloadModel)) {
      choice = choice.and("offload", OFFLOAD_MODEL + "=true", device);
    }
    if (Boolean.FALSE.equals(offloadModel)) {
      choice.refuse("offload", OFFLOAD_MODEL + "=false");
    }
    choice = choice.andGpus("tpp", NUM_GPUS_DIT, numGpusDit, device);
    choice = choice.andGpus("sharded", ULYSSES_SIZE, ulyssesSize, device);
    if (Boolean.TRUE.equals(enableVaeParallel) && !"tpp".equals(choice.strategy)) {
      throw new IllegalArgumentException(
          "%s gives the VAE a GPU of its own, which only --strategy=tpp does: add %s=4, or leave it out."
              .formatted(ENABLE_VAE_PARALLEL, NUM_GPUS_DIT));
    }
    return choice.strategy == null ? strategy : choice.strategy;
  }

  /**
   * Returns what these options say of how several GPUs share the work, in the words of {@link
   * dev.longtake.pipeline.options.LongtakeOptions}.
   *
   * @param strategy that was chosen, null if none
   */
  Map<String, String> team(@Nullable String strategy) {
    Map<String, String> team = new LinkedHashMap<>();
    if (numGpusDit != null && numGpusDit > 1) {
      team.put("numGpusDit", numGpusDit.toString());
    }
    if (ulyssesSize != null && ulyssesSize > 1) {
      team.put("ulyssesSize", ulyssesSize.toString());
    }
    if (enableVaeParallel != null && "tpp".equals(strategy)) {
      team.put("enableVaeParallel", enableVaeParallel.toString());
    }
    return team;
  }

  /**
   * Returns the precision that these options and {@code --precision} come to; null if none says
   * any.
   *
   * @throws IllegalArgumentException if they contradict each other
   */
  @Nullable String precision(@Nullable String precision) {
    if (!Boolean.TRUE.equals(fp8)) {
      return precision;
    }
    if (precision != null && !precision.equals("fp8")) {
      throw new IllegalArgumentException(
          "%s and --precision=%s contradict each other: leave one out.".formatted(FP8, precision));
    }
    return "fp8";
  }

  /** Returns what to do about an official option that we do not have; null if it is none. */
  static @Nullable String adviceOn(String name) {
    if (IN_MANIFEST.contains(name)) {
      return "'%s' is said in the manifest, for every video: \"%s\".".formatted(name, name);
    }
    if (WITHOUT_COUNTERPART.contains(name)) {
      return "The official scripts have it, Longtake has no counterpart: leave it out.";
    }
    return null;
  }

  /**
   * A strategy, and which option chose it.
   *
   * @param strategy null if none is chosen yet
   */
  private record Choice(@Nullable String strategy, String by) {
    Choice andGpus(String wanted, String option, @Nullable Integer gpus, @Nullable String device) {
      if (gpus == null) {
        return this;
      }
      if (gpus == 1) {
        refuse(wanted, option + "=1");
        return this;
      }
      return and(wanted, option + "=" + gpus, device);
    }

    Choice and(String wanted, String option, @Nullable String device) {
      if (strategy != null && !strategy.equals(wanted)) {
        throw contradiction(option, wanted);
      }
      if ("cpu".equals(device)) {
        throw new IllegalArgumentException(
            "%s needs a GPU and --device=cpu has none: leave one out.".formatted(option));
      }
      return new Choice(wanted, strategy == null ? option : by);
    }

    void refuse(String unwanted, String option) {
      if (unwanted.equals(strategy)) {
        throw contradiction(option, "another strategy than " + unwanted);
      }
    }

    private IllegalArgumentException contradiction(String option, String wanted) {
      String chosen = by.equals("--strategy") ? by + "=" + strategy : by;
      return new IllegalArgumentException(
          "%s and %s contradict each other: the one means %s, the other %s. Leave one out."
              .formatted(option, chosen, wanted, strategy));
    }
  }

  /** Reads a truth value as the official scripts do. */
  private static final class YesOrNo implements ITypeConverter<Boolean> {
    private static final Set<String> YES = Set.of("yes", "true", "t", "y", "1");
    private static final Set<String> NO = Set.of("no", "false", "f", "n", "0");

    @Override
    public Boolean convert(String value) {
      String lower = Ascii.toLowerCase(value);
      if (YES.contains(lower)) {
        return true;
      }
      if (NO.contains(lower)) {
        return false;
      }
      throw new TypeConversionException("'" + value + "' is neither true nor false");
    }
  }
}
