package dev.longtake.pipeline.options;

import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.jspecify.annotations.Nullable;

/** What {@code longtake plan} wants to know beside what would be rendered. */
public interface PlanOptions extends PipelineOptions {
  @Description("GPUs to plan for, for example 5x24GiB or rtx4090,2xh100. Default: those there are.")
  @Nullable String getGpus();

  void setGpus(@Nullable String gpus);

  @Description("A model's shape to plan for without its files: 14b. Default: the checkpoint's.")
  @Nullable String getShape();

  void setShape(@Nullable String shape);

  @Description("What a planned host has for pinning, for example 256GiB. Default: what is here.")
  @Nullable String getHostMemory();

  void setHostMemory(@Nullable String hostMemory);
}
