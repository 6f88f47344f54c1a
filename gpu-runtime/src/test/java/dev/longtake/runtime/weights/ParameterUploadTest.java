package dev.longtake.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.memory.PlannedBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.ScratchBytes;
import dev.longtake.runtime.ops.StoredUploads;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.HostTensor;
import dev.longtake.runtime.tensor.Tensor;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What goes to a device as files have it is what the host reads, here with the host as device. */
class ParameterUploadTest {
  @TempDir private Path directory;
  private final Random random = new Random(3);
  private HostBlock memory;
  private CpuOps cpu;
  private Ops ops;
  private Tensor out;

  @BeforeEach
  void open() {
    memory = HostBlock.reserve(96L << 20);
    cpu = new CpuOps(1, new PlannedBlock());
    Arena all = new Arena("all", memory);
    HostUploads uploads = new HostUploads(new Arena("scratch", all.block(ScratchBytes.ATTENTION)));
    ops = taking(cpu, uploads);
    out = all.tensor(DType.FP32, 12 << 20);
  }

  @AfterEach
  void close() {
    cpu.close();
    memory.close();
  }

  @ParameterizedTest
  @CsvSource({
    "700, 1000, 5", // several pieces
    "3, 262144, 1", // a row fills a piece
    "1, 1, 1",
    "33, 70, 129",
    "1500, 2000, 0" // no adapter; every piece is used twice
  })
  void bringsWhatTheHostReads(int rows, int width, int rank) {
    try (TensorSource source = source(rows, width, rank)) {
      StoredTensor stored = source.tensor("w.weight");
      assertThat(stored.isContiguous()).isTrue();

      float[] uploaded = upload(stored);

      float[] expected = SafetensorsBytes.read(stored);
      float furthest = 0;
      for (int i = 0; i < expected.length; i++) {
        furthest = Math.max(furthest, Math.abs(uploaded[i] - expected[i]));
      }
      // The library on the host sums in another order: at most 129 terms, of magnitude 20 together.
      assertThat(furthest).isLessThanOrEqualTo(rank == 0 ? 0 : 1e-4f);
      assertThat(uploaded[expected.length - 1]).isNotNaN();
    }
  }

  @Test
  void leavesToTheHostWhatIsTooWide() {
    try (TensorSource source = source(2, 262_145, 1)) {
      StoredTensor stored = source.tensor("w.weight");

      assertThat(Arrays.mismatch(upload(stored), SafetensorsBytes.read(stored))).isEqualTo(-1);
    }
  }

  @Test
  void saysThatAFileHasBecomeShorter() throws IOException {
    Path file = directory.resolve("base.safetensors");
    try (TensorSource source = source(700, 1000, 0);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      StoredTensor stored = source.tensor("w.weight");
      channel.truncate(1 << 20);

      Assertions.assertThatThrownBy(() -> upload(stored))
          .isInstanceOf(LongtakeException.class)
          .hasMessageContaining("base.safetensors")
          .hasMessageContaining("become shorter");
    }
  }

  private float[] upload(StoredTensor stored) {
    int elements = Math.toIntExact(stored.shape().elements());
    Tensor target = out.reshape(12 << 20).slice(0, elements);
    cpu.fill(target, Float.NaN);
    new ParameterUpload(ops).upload(stored, target, null);
    float[] uploaded = new float[elements];
    cpu.download(target, uploaded, 0);
    return uploaded;
  }

  private TensorSource source(int rows, int width, int rank) {
    TensorSource base =
        SafetensorsFile.open(
            new SafetensorsBytes()
                .add("w.weight", new int[] {rows, width}, gaussian(rows * width))
                .write(directory.resolve("base.safetensors")));
    if (rank == 0) {
      return base;
    }
    return LoraMerge.merge(
        base,
        SafetensorsFile.open(
            new SafetensorsBytes()
                .add("w.lora_A.weight", new int[] {rank, width}, gaussian(rank * width))
                .add("w.lora_B.weight", new int[] {rows, rank}, gaussian(rows * rank))
                .write(directory.resolve("lora.safetensors"))),
        0.75 * rank);
  }

  private float[] gaussian(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static Ops taking(Ops ops, StoredUploads uploads) {
    return (Ops)
        Proxy.newProxyInstance(
            Ops.class.getClassLoader(),
            new Class<?>[] {Ops.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("storedUploads")) {
                return uploads;
              }
              try {
                return method.invoke(ops, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** Does on the host what {@code low_rank.cu} does. */
  private static final class HostUploads implements StoredUploads {
    private final Arena scratch;
    private final ByteBuffer[] pieces = new ByteBuffer[PIECES];
    private int returned;

    HostUploads(Arena scratch) {
      this.scratch = scratch;
      for (int i = 0; i < PIECES; i++) {
        pieces[i] = ByteBuffer.allocateDirect(PIECE_BYTES);
      }
    }

    @Override
    public Piece next() {
      int number = returned++ % PIECES;
      return new Piece(number, pieces[number]);
    }

    @Override
    public void upload(Piece piece, Tensor out) {
      int count = Math.toIntExact(out.shape().elements());
      HostTensor.of(out)
          .values()
          .put(
              0,
              piece.bytes().duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer(),
              0,
              count);
    }

    @Override
    public void addLowRank(Tensor w, Tensor b, Tensor a, float factor) {
      int rank = a.shape().extent(0);
      int width = w.shape().extent(1);
      for (int i = 0; i < w.shape().elements(); i++) {
        float sum = 0;
        for (int k = 0; k < rank; k++) {
          sum =
              Math.fma(
                  HostTensor.of(b).values().get(i / width * rank + k),
                  HostTensor.of(a).values().get(k * width + i % width),
                  sum);
        }
        HostTensor.of(w).values().put(i, HostTensor.of(w).values().get(i) + factor * sum);
      }
    }

    @Override
    public void roundRows(Tensor x, Tensor out, Tensor scale) {
      throw new UnsupportedOperationException("the host has no FP8");
    }

    @Override
    public Arena scratch() {
      return scratch;
    }
  }
}
