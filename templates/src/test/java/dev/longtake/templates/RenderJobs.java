package dev.longtake.templates;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.Precision;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;

/**
 * A manifest with what it needs, and {@code longtake render} of it in processes of their own.
 *
 * @param directory where all is
 */
record RenderJobs(Path directory) {
  /** Of Java: a process that lives for seconds spends most of them on optimizing its code. */
  static final String QUICK_TO_START = "-XX:TieredStopAtLevel=1";

  static final int CLIPS_OF_A_VIDEO = 3;

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path SPEECH = ROOT.resolve("examples/demo/speech/speech_de.wav");
  private static final Path CHECKPOINT =
      ROOT.resolve("gpu-runtime/src/test/resources/golden/small/ckpt");
  private static final int SIDE = 64;
  private static final int CLIP_FRAMES = 12;
  private static final int SAMPLE_STEPS = 4;
  private static final double MIB = 1 << 20;
  private static final int DECIMALS = 3; // of an amount of memory in an option
  private static final int HEADER_BYTES = 44;
  private static final int BYTES_PER_SECOND = 2 * 16_000;
  private static final double SECONDS = 1;
  private static final double SECONDS_APART = 0.6;

  /** Brings so many different requests for equally long videos. */
  static RenderJobs prepare(Path directory, int videos) throws IOException {
    Files.createDirectories(directory);
    byte[] speech = Files.readAllBytes(SPEECH);
    StringBuilder manifest = new StringBuilder();
    for (int i = 0; i < videos; i++) {
      int first = HEADER_BYTES + (int) (i * SECONDS_APART * BYTES_PER_SECOND);
      byte[] samples =
          Arrays.copyOfRange(speech, first, first + (int) (SECONDS * BYTES_PER_SECOND));
      Files.write(directory.resolve("s%d.wav".formatted(i)), wav(speech, samples));
      manifest.append(
          "{\"id\":\"v%02d\",\"image\":\"%s\",\"audio\":\"s%d.wav\",\"prompt\":\"Video %d.\"}\n"
              .formatted(
                  i,
                  ROOT.resolve("examples/demo/pictures/face_%d.png".formatted(i % 4 + 1)),
                  i,
                  i));
    }
    Files.writeString(directory.resolve("manifest.jsonl"), manifest);
    return new RenderJobs(directory);
  }

  private static byte[] wav(byte[] like, byte[] samples) {
    ByteBuffer wav =
        ByteBuffer.allocate(HEADER_BYTES + samples.length).order(ByteOrder.LITTLE_ENDIAN);
    wav.put(like, 0, HEADER_BYTES).put(samples);
    wav.putInt(4, HEADER_BYTES - 8 + samples.length).putInt(HEADER_BYTES - 4, samples.length);
    return wav.array();
  }

  /** Returns the most memory in which 'resident' does not fit for these videos, for an option. */
  static String tooLittleForResident() {
    long bytes = Long.MAX_VALUE;
    try {
      while (true) {
        bytes = usedByResident(bytes) - 1;
      }
    } catch (LongtakeException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.PLAN_DOES_NOT_FIT);
    }
    return BigDecimal.valueOf(bytes / MIB).setScale(DECIMALS, RoundingMode.DOWN) + "MiB";
  }

  private static long usedByResident(long budgetBytes) {
    EngineConfig config =
        new EngineConfig(
            CHECKPOINT.toString(),
            "cpu",
            "resident",
            Precision.FP32,
            SIDE,
            SIDE,
            CLIP_FRAMES,
            SAMPLE_STEPS,
            1,
            1,
            budgetBytes);
    EngineProvider engines = ServiceLoader.load(EngineProvider.class).findFirst().orElseThrow();
    try (AvatarEngine engine = engines.open(config)) {
      return engine.use().get(0).reservedBytes();
    }
  }

  Path output(String name) {
    return directory.resolve(name);
  }

  /** Starts rendering into a directory. */
  Job start(String name, String... options) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                QUICK_TO_START,
                "-DRUST_FLAVOR=cpu",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"));
    for (String part : List.of("lang", "util", "nio", "lang.invoke")) {
      command.add("--add-opens=java.base/java.%s=ALL-UNNAMED".formatted(part));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(commandLine(name));
    command.addAll(List.of(options));
    Path said = Files.createTempFile(directory, name, ".txt");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    return new Job(process, said);
  }

  /** Returns what {@code longtake} is told, to render into a directory. */
  List<String> commandLine(String name) throws IOException {
    return List.of(
        "render",
        "--manifest=" + directory.resolve("manifest.jsonl"),
        "--output=" + Files.createDirectories(output(name)),
        "--checkpoint=" + CHECKPOINT,
        "--size=%d*%d".formatted(SIDE, SIDE),
        "--inferFrames=" + CLIP_FRAMES,
        "--sampleSteps=" + SAMPLE_STEPS,
        "--device=cpu",
        "--lanes=1",
        "--cpuThreads=1");
  }

  /** A run. Closing it ends it. */
  record Job(Process process, Path output) implements AutoCloseable {
    /** Waits for the end, but not longer than this; returns whether it came. */
    boolean hasEnded(int millis) throws InterruptedException {
      return process.waitFor(millis, TimeUnit.MILLISECONDS);
    }

    /** Waits for the end. */
    int exitCode() throws InterruptedException {
      return process.waitFor();
    }

    String said() throws IOException {
      return Files.readString(output, UTF_8);
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
