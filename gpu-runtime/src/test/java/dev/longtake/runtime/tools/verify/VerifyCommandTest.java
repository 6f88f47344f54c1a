package dev.longtake.runtime.tools.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.longtake.runtime.api.Precision;
import dev.longtake.runtime.engine.device.DeviceChoice;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A verify that cannot fail would be worthless, so here it fails. */
class VerifyCommandTest {
  private static final Path SMALL = Path.of("src/test/resources/golden/small");
  private static final String LAYER_1 =
      "ckpt/Wan2.2-S2V-14B/diffusion_pytorch_model-00002-of-00002.safetensors";

  @TempDir Path temp;

  @Test
  void passesOnWhatTheOfficialCodeComputed() {
    List<String> lines = verify(SMALL);

    assertThat(lines).filteredOn(line -> line.startsWith("FAIL")).isEmpty();
    assertThat(lines)
        .anyMatch(line -> line.startsWith("PASS tokenizer.ids.0"))
        .anyMatch(line -> line.startsWith("PASS t5.context.4"))
        .anyMatch(line -> line.startsWith("PASS wav2vec2.hidden_states.24"))
        .anyMatch(line -> line.startsWith("PASS vae.stream"))
        .anyMatch(line -> line.startsWith("PASS lora.blocks.1.ffn.2.weight"))
        .anyMatch(line -> line.startsWith("PASS rollout.hidden_after_block_1"))
        .anyMatch(line -> line.startsWith("PASS rollout.latents_clip1"))
        .anyMatch(line -> line.startsWith("PASS video"))
        .hasSizeGreaterThan(190);
  }

  @Test
  void failsBehindTheLayerOfCorruptedWeight() throws IOException {
    Path bundle = copyOf(SMALL);
    // One of the 128 biases: 64 in bf16.
    overwrite(bundle.resolve(LAYER_1), "blocks.1.ffn.2.bias", 10, (short) 0x4280);

    List<String> lines = verify(bundle);

    assertThat(failed(lines))
        .contains("rollout.hidden_after_block_1", "rollout.latents_clip0", "video")
        .doesNotContain("rollout.hidden_after_block_0", "vae.decode", "dit.time_e");
  }

  @Test
  void failsInTheCaseOfCorruptedGoldenAlone() throws IOException {
    Path bundle = copyOf(SMALL);
    // The high half of one fp32 value.
    overwrite(bundle.resolve("golden/vae.safetensors"), "encoded", 1, (short) 0x4280);

    assertThat(failed(verify(bundle))).containsExactly("vae.encode");
  }

  @Test
  void reportsMissingGoldenAndGoesOn() throws IOException {
    Path bundle = copyOf(SMALL);
    Files.delete(bundle.resolve("golden/t5.safetensors"));

    List<String> lines = verify(bundle);

    assertThat(lines).anyMatch(line -> line.startsWith("FAIL t5 not computed: "));
    assertThat(lines).anyMatch(line -> line.startsWith("PASS video"));
  }

  private static List<String> verify(Path bundle) {
    StringWriter text = new StringWriter();
    GoldenBundle golden = GoldenBundle.open(bundle);
    CaseLog log =
        new CaseLog(new PrintWriter(text), Limits.of(golden, Precision.FP32, Precision.FP32));
    DeviceChoice cpu = DeviceChoice.of("cpu", Precision.FP32, Precision.FP32);
    VerifyCommand.verify(golden, cpu, 2, log);
    List<String> lines = text.toString().lines().toList();
    assertThat(lines).hasSize(log.passed() + log.failed());
    return lines;
  }

  private static List<String> failed(List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith("FAIL"))
        .map(line -> line.split(" ", -1)[1])
        .toList();
  }

  private Path copyOf(Path bundle) throws IOException {
    try (Stream<Path> files = Files.walk(bundle)) {
      for (Path file : files.toList()) {
        Path copy = temp.resolve(bundle.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
        }
      }
    }
    return temp;
  }

  /** Overwrites 16 bits of a tensor, {@code index} times 16 bits from its start. */
  private static void overwrite(Path file, String tensor, int index, short bits)
      throws IOException {
    try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
      byte[] length = new byte[Long.BYTES];
      access.readFully(length);
      byte[] header =
          new byte[(int) ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      access.readFully(header);
      JsonNode entry = new ObjectMapper().readTree(new String(header, UTF_8)).path(tensor);
      long start = Long.BYTES + header.length + entry.path("data_offsets").path(0).asLong();
      access.seek(start + 2L * index);
      access.write(new byte[] {(byte) bits, (byte) (bits >> 8)});
    }
  }
}
