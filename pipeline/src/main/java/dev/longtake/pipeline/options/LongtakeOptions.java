package dev.longtake.pipeline.options;

import java.util.List;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.Validation;
import org.jspecify.annotations.Nullable;

/**
 * What to render, with what, and which plugins by name. Where a property may be null, null means
 * that whoever uses it decides, from the checkpoint or the device.
 */
public interface LongtakeOptions extends PipelineOptions {
  @Description(
      "Manifest to render: .jsonl, .csv, or an official batch file; a path or a URI (gs:// too).")
  @Validation.Required
  String getManifest();

  void setManifest(String manifest);

  @Description("Directory for the finished videos and the report; a path or a URI (gs:// too).")
  @Validation.Required
  String getOutput();

  void setOutput(String output);

  @Description(
      "Work store: holds everything already paid for, so that a run can be resumed."
          + " Default: .longtake-work in the output directory.")
  @Default.InstanceFactory(WorkDirBesideOutput.class)
  String getWorkDir();

  void setWorkDir(String workDir);

  @Description("Checkpoint directory, or 'demo' for the one that is built in.")
  @Default.String("demo")
  String getCheckpoint();

  void setCheckpoint(String checkpoint);

  @Description(
      "What computes: cpu; cuda for all GPUs that a process sees; cuda:N for one of them,"
          + " cuda:N,cuda:M for several; or auto for cuda where there is one. LONGTAKE_DEVICE in a"
          + " worker's environment goes before.")
  @Default.String("auto")
  String getDevice();

  void setDevice(String device);

  @Description(
      "How the model is placed: resident, offload, sharded, tpp, or auto for the fastest that"
          + " fits.")
  @Default.String("auto")
  String getStrategy();

  void setStrategy(String strategy);

  @Description("Precision of the transformer: bf16, fp8 or fp32. Default: the device's usual one.")
  @Nullable String getPrecision();

  void setPrecision(@Nullable String precision);

  @Description(
      "Precision of cached keys and values: fp8 takes half of bf16's memory, and is faster on"
          + " Hopper GPUs. Default: bf16 on a GPU, fp32 on the CPU.")
  @Nullable String getKvPrecision();

  void setKvPrecision(@Nullable String kvPrecision);

  @Description(
      "Whether the engine may make other pixels than asked for, where that is faster or nothing"
          + " else fits: lower precisions, and a shorter memory than inferFrames.")
  @Default.Boolean(false)
  boolean getAllowDegrade();

  void setAllowDegrade(boolean allowDegrade);

  @Description(
      "Size of a video, width*height, where the manifest gives none; the picture's shape decides"
          + " the sides, the size their area. Default: the checkpoint's own.")
  @Nullable String getSize();

  void setSize(@Nullable String size);

  @Description("Video frames of a clip: a multiple of 12.")
  @Default.Integer(48)
  int getInferFrames();

  void setInferFrames(int inferFrames);

  @Description("Denoising steps.")
  @Default.Integer(4)
  int getSampleSteps();

  void setSampleSteps(int sampleSteps);

  @Description("Most clips of a video. Default: as many as the speech needs.")
  @Nullable Integer getNumClip();

  void setNumClip(@Nullable Integer numClip);

  @Description(
      "How a video's takes hang together: strict (one take), carry (each goes on from the one"
          + " before) or parallel (independent).")
  @Default.String("carry")
  String getContinuity();

  void setContinuity(String continuity);

  @Description("About how many seconds of a video make a take. Default: the checkpoint's own, 60.")
  @Nullable Integer getTakeSeconds();

  void setTakeSeconds(@Nullable Integer takeSeconds);

  @Description("Most device memory to use per GPU, for example 22GiB. Default: all that is free.")
  @Nullable String getVramLimit();

  void setVramLimit(@Nullable String vramLimit);

  @Description("Takes in progress at once on a device. Default: what fits and is fastest.")
  @Nullable Integer getLanes();

  void setLanes(@Nullable Integer lanes);

  @Description("With strategy tpp, devices that denoise a video together. Default: what is best.")
  @Nullable Integer getNumGpusDit();

  void setNumGpusDit(@Nullable Integer numGpusDit);

  @Description("With strategy tpp, let a device that is left over decode.")
  @Default.Boolean(true)
  boolean getEnableVaeParallel();

  void setEnableVaeParallel(boolean enableVaeParallel);

  @Description(
      "With strategy sharded, devices that each have a part of a video's tokens and heads.")
  @Default.Integer(1)
  int getUlyssesSize();

  void setUlyssesSize(int ulyssesSize);

  @Description("Threads that compute on the CPU. Default: one a processor.")
  @Nullable Integer getCpuThreads();

  void setCpuThreads(@Nullable Integer cpuThreads);

  @Description(
      "Parts of the CPU that are used like GPUs of this memory, for example 2x24GiB or"
          + " 1x24GiB,1x6GiB. LONGTAKE_CPU_DEVICES in a worker's environment goes before.")
  @Nullable String getCpuDevices();

  void setCpuDevices(@Nullable String cpuDevices);

  @Description(
      "Directory where the processes of a host keep each other from using one device at once."
          + " LONGTAKE_LEASE_DIR in a worker's environment goes before.")
  @Default.String("/tmp/longtake-leases")
  String getLeaseDir();

  void setLeaseDir(String leaseDir);

  @Description("Whether other processes render than the one that submits.")
  @Default.Boolean(false)
  boolean getWorkersElsewhere();

  void setWorkersElsewhere(boolean workersElsewhere);

  @Description("What the random numbers start from, where the manifest gives no seed.")
  @Default.Long(420)
  long getSeed();

  void setSeed(long seed);

  @Description("Names this run within the process that follows it. Default: nobody follows it.")
  @Default.String("")
  String getRunId();

  void setRunId(String runId);

  @Description("Plugin that requests come from.")
  @Default.String("manifest")
  String getSource();

  void setSource(String source);

  @Description("Plugin that cuts videos into takes.")
  @Default.String("silence")
  String getTakePlanner();

  void setTakePlanner(String takePlanner);

  @Description("Plugin that makes videos of requests.")
  @Default.String("live-avatar")
  String getRenderer();

  void setRenderer(String renderer);

  @Description("Plugins that do something more with finished videos, in this order.")
  @Default.InstanceFactory(NoPostProcessors.class)
  List<String> getPostProcessors();

  void setPostProcessors(List<String> postProcessors);

  @Description("Plugin that writes down what became of every request.")
  @Default.String("results")
  String getSink();

  void setSink(String sink);
}
