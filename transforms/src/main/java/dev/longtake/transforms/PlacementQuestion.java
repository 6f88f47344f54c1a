package dev.longtake.transforms;

import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.options.PlanOptions;
import dev.longtake.pipeline.spi.Feasibility;
import dev.longtake.runtime.api.CheckpointInfo;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.FeasibilityQuery;
import dev.longtake.runtime.api.MemorySize;
import dev.longtake.runtime.api.Precision;
import dev.longtake.transforms.request.RequestFaultException;
import dev.longtake.transforms.request.VideoSize;
import dev.longtake.transforms.settings.EngineSource;
import java.util.Locale;
import java.util.Optional;
import org.apache.beam.sdk.options.PipelineOptions;
import org.jspecify.annotations.Nullable;

/** Asks the engine which placements fit, in the words of the options. */
record PlacementQuestion(PipelineOptions options, EngineSource engines) {
  private static final String OFFICIAL_SIZE = "720*400";
  private static final String AUTO = "auto";

  /**
   * Answers for the GPUs that the options describe, or for this machine's if it renders on them.
   *
   * @throws IllegalArgumentException if an option is invalid; the message names it
   */
  Optional<Feasibility> answer(long frames) {
    LongtakeOptions render = options.as(LongtakeOptions.class);
    PlanOptions plan = options.as(PlanOptions.class);
    EngineProvider provider = engines.provider();
    String gpus = plan.getGpus() == null ? "" : plan.getGpus();
    boolean onCpu =
        render.getCpuDevices() != null
            || provider.device(render.getDevice().toLowerCase(Locale.ROOT)).device().equals("cpu");
    if (gpus.isEmpty() && onCpu) {
      return Optional.empty();
    }
    VideoSize size = size(render, plan, provider);
    var found =
        provider.feasibility(
            new FeasibilityQuery(
                model(render, plan),
                gpus,
                size.height(),
                size.width(),
                render.getInferFrames(),
                render.getSampleSteps(),
                precision("--precision", render.getPrecision()),
                precision("--kvPrecision", render.getKvPrecision()),
                render.getLanes() == null ? EngineConfig.LANES_AUTO : render.getLanes(),
                bytes("--vramLimit", render.getVramLimit(), Long.MAX_VALUE),
                bytes("--hostMemory", plan.getHostMemory(), 0),
                frames));
    return Optional.of(new Feasibility(found.lines(), found.json(), found.fits()));
  }

  private static String model(LongtakeOptions render, PlanOptions plan) {
    if (plan.getShape() == null) {
      return render.getCheckpoint();
    }
    if (!plan.getShape().equals(FeasibilityQuery.OFFICIAL_MODEL)) {
      throw new IllegalArgumentException(
          "--shape=%s is not known. Choose %s, or a directory with --checkpoint."
              .formatted(plan.getShape(), FeasibilityQuery.OFFICIAL_MODEL));
    }
    return plan.getShape();
  }

  private static VideoSize size(LongtakeOptions render, PlanOptions plan, EngineProvider provider) {
    String written = render.getSize();
    if (written == null) {
      written =
          plan.getShape() != null
              ? OFFICIAL_SIZE
              : ownSize(provider.describe(render.getCheckpoint()));
    }
    try {
      return VideoSize.parse(written);
    } catch (RequestFaultException e) {
      throw new IllegalArgumentException("--size: " + e.getMessage(), e);
    }
  }

  private static String ownSize(CheckpointInfo checkpoint) {
    return checkpoint.size().map(own -> own.width() + "*" + own.height()).orElse(OFFICIAL_SIZE);
  }

  private static Optional<Precision> precision(String option, @Nullable String written) {
    if (written == null || written.equalsIgnoreCase(AUTO)) {
      return Optional.empty();
    }
    String upper = written.toUpperCase(Locale.ROOT);
    if (!upper.equals(Precision.BF16.name()) && !upper.equals(Precision.FP8.name())) {
      throw new IllegalArgumentException(
          "%s=%s is nothing that GPUs compute in. Choose bf16 or fp8.".formatted(option, written));
    }
    return Optional.of(Precision.valueOf(upper));
  }

  private static long bytes(String option, @Nullable String written, long otherwise) {
    return written == null ? otherwise : MemorySize.parse(option, written);
  }
}
