package dev.longtake.pipeline.assembly;

import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.options.LongtakeOptions;
import dev.longtake.pipeline.spi.Outcome;
import dev.longtake.pipeline.spi.PipelinePlugin;
import dev.longtake.pipeline.spi.TakePlannerFactory;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;

/**
 * Runs a pipeline of the test plugins, but with a take planner from the class path, and prints the
 * videos.
 */
final class ThirdPartyPipeline {
  private ThirdPartyPipeline() {}

  /** Takes two arguments: the take planner's name, and an empty directory. */
  public static void main(String[] args) {
    TakePlannerFactory fromClassPath = PluginRegistry.load().takePlanner(args[0]);
    PipelinePlugin plannerAlone =
        new PipelinePlugin() {
          @Override
          public List<TakePlannerFactory> takePlanners() {
            return List.of(fromClassPath);
          }
        };
    LongtakeOptions options = PipelineOptionsFactory.create().as(LongtakeOptions.class);
    options.setManifest("a");
    options.setOutput(args[1]);
    Pipeline pipeline = Pipeline.create(options);
    PluginRegistry registry = PluginRegistry.of(List.of(TestPlugins.complete(), plannerAlone));

    Outcome<RenderedVideo> finished =
        new PipelineAssembler(registry)
            .assemble(pipeline, new PipelineSpec("ids", args[0], "paper", List.of(), "files"));
    finished.succeeded().apply(ParDo.of(new Print()));
    pipeline.run().waitUntilFinish();
  }

  private static final class Print extends DoFn<RenderedVideo, Void> {
    @ProcessElement
    public void processElement(@Element RenderedVideo video) {
      System.out.printf("frames=%d clips=%d%n", video.getFrames(), video.getClips());
    }
  }
}
