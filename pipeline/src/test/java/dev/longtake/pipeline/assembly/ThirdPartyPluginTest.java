package dev.longtake.pipeline.assembly;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.pipeline.spi.PipelinePlugin;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A jar that knows only the SPI is dropped on the class path of a process of its own. */
class ThirdPartyPluginTest {
  private static final String CLASS_NAME = "com.example.planner.EveryTenPlugin";
  private static final String SOURCE =
      """
      package com.example.planner;

      import dev.longtake.pipeline.spi.FrameRange;
      import dev.longtake.pipeline.spi.PipelinePlugin;
      import dev.longtake.pipeline.spi.SpeechEnvelope;
      import dev.longtake.pipeline.spi.TakePlanner;
      import dev.longtake.pipeline.spi.TakePlannerFactory;
      import java.util.ArrayList;
      import java.util.List;
      import org.apache.beam.sdk.options.PipelineOptions;

      public final class EveryTenPlugin implements PipelinePlugin {
        @Override
        public List<TakePlannerFactory> takePlanners() {
          return List.of(new Factory());
        }

        private static final class Factory implements TakePlannerFactory {
          @Override
          public String name() {
            return "every-ten";
          }

          @Override
          public TakePlanner create(PipelineOptions options) {
            return new Planner();
          }
        }

        private record Planner() implements TakePlanner {
          @Override
          public List<FrameRange> plan(SpeechEnvelope speech) {
            List<FrameRange> takes = new ArrayList<>();
            for (int first = 0; first < speech.frames(); first += 10) {
              takes.add(new FrameRange(first, Math.min(10, speech.frames() - first)));
            }
            return takes;
          }
        }
      }
      """;

  @TempDir private Path directory;

  @Test
  void aJarOnTheClassPathAddsATakePlannerToARunningPipeline() throws Exception {
    Path jar = buildJar();

    Result with = runPipeline(System.getProperty("java.class.path") + File.pathSeparator + jar);

    assertThat(with.exitCode).as(with.output).isZero();
    assertThat(with.output)
        .contains("frames=" + TestPlugins.FRAMES + " clips=3"); // 30 frames in takes of ten
  }

  @Test
  void withoutTheJarTheNameIsRefused() throws Exception {
    Result without = runPipeline(System.getProperty("java.class.path"));

    assertThat(without.exitCode).isEqualTo(1);
    assertThat(without.output)
        .contains("No take planner is named 'every-ten'. On the class path: [].");
  }

  private record Result(int exitCode, String output) {}

  private Result runPipeline(String classPath) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                classPath,
                ThirdPartyPipeline.class.getName(),
                "every-ten",
                Files.createDirectory(directory.resolve("out")).toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Result(process.waitFor(), output);
  }

  private Path buildJar() throws IOException {
    Path source = directory.resolve("EveryTenPlugin.java");
    Files.writeString(source, SOURCE);
    Path classes = Files.createDirectory(directory.resolve("classes"));
    compile(source, classes);
    Path jar = directory.resolve("every-ten.jar");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(file);
        var compiled = Files.walk(classes)) {
      for (Path path : compiled.filter(Files::isRegularFile).toList()) {
        entries.putNextEntry(new JarEntry(classes.relativize(path).toString()));
        Files.copy(path, entries);
      }
      entries.putNextEntry(new JarEntry("META-INF/services/" + PipelinePlugin.class.getName()));
      entries.write(CLASS_NAME.getBytes(UTF_8));
    }
    return jar;
  }

  private static void compile(Path source, Path classes) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
      List<String> options =
          List.of(
              "-proc:none", "-d", classes.toString(), "-cp", System.getProperty("java.class.path"));
      boolean compiled =
          compiler
              .getTask(null, files, null, options, null, files.getJavaFileObjects(source))
              .call();
      assertThat(compiled).isTrue();
    }
  }
}
