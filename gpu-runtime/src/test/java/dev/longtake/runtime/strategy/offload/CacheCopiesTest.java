package dev.longtake.runtime.strategy.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.cuda.DeviceMemory;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.Block;
import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.DitConfig;
import dev.longtake.runtime.model.dit.KeyWindow;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.model.dit.TokenGrid;
import dev.longtake.runtime.ops.KvCache;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.plan.PlanningOps;
import dev.longtake.runtime.spi.ModelShape;
import dev.longtake.runtime.strategy.StepCaches;
import dev.longtake.runtime.strategy.offload.CacheCopies.Copy;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.DeviceTensor;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A take's forwards, of which only the copies are done: every token of a window must come to the
 * device as a forward before has left it, also where groups of packed tokens are shared.
 */
class CacheCopiesTest {
  private static final DitConfig CONFIG =
      new DitConfig(8, 2, 2, 16, 4, 8, 8, 4, 8, 2, 2, List.of(0), 1e-6f);
  private static final int CLIP_FRAMES = 9;
  private static final int CLIPS = 3;

  private final byte[] memory = new byte[1 << 20];
  private final Random random = new Random(5);
  private long deviceStart;
  private int generation;

  @ParameterizedTest
  @CsvSource({
    "FP8_E4M3, 10, 12, 4",
    "FP8_E4M3, 10, 14, 4",
    "FP8_E4M3, 8, 8, 4",
    "FP8_E4M3, 10, 10, 1",
    "FP8_E4M3, 10, 12, 5",
    "BF16, 10, 12, 4"
  })
  void everyTokenComesBack(DType cacheType, int rows, int columns, int steps) {
    ModelShape shape = new ModelShape(CONFIG, new TokenGrid(rows, columns), CLIP_FRAMES, steps);
    Ops ops = new PlanningOps(DType.BF16, cacheType);
    Arena arena = new Arena("simulated", new Simulated(0, memory.length));
    List<LayerCaches> host = StepCaches.allocate(shape, shape.dit().heads(), ops, arena);
    deviceStart = arena.peakBytes();
    StagedCaches staged = StagedCaches.allocate(shape, ops, arena);
    int block = shape.grid().blockTokens();

    condition(host, staged, CacheUse.start());
    for (int clip = 0; clip < CLIPS; clip++) {
      for (int i = 0; i < shape.blocks(); i++) {
        if (clip > 0 && i < 2) { // an engine does it before the first block of clip 1 only
          condition(host, staged, CacheUse.condition());
        }
        int ringTokens = clip == 0 ? (i + 1) * block : shape.blocks() * block;
        for (int step = 0; step < steps; step++) {
          CacheUse use = CacheUse.denoise(i * block, ringTokens, block);
          denoise(shape, host.get(step), staged, use, step, clip);
        }
      }
    }
  }

  private void condition(List<LayerCaches> host, StagedCaches staged, CacheUse use) {
    generation++;
    LayerCaches kept = host.get(0);
    come(kept, staged, use);
    LayerCaches seen = staged.like(kept, use);
    writeConditions(seen.window().conditions());
    seen.conditionCopies().forEach(this::writeConditions);
    leave(kept, staged, use);
  }

  private void writeConditions(KvRun conditions) {
    for (int token = 0; token < conditions.count(); token++) {
      put(conditions, token, conditionValue(token));
    }
  }

  private void denoise(
      ModelShape shape, LayerCaches kept, StagedCaches staged, CacheUse use, int step, int clip) {
    come(kept, staged, use);
    KeyWindow window = staged.like(kept, use).window();
    KvRun conditions = window.conditions();
    for (int token = shape.grid().frameTokens(); token < conditions.count(); token++) {
      assertThat(get(conditions, token)).isEqualTo(conditionValue(token));
    }
    for (int token = 0; token < use.ringTokens(); token++) {
      boolean own = token >= use.ringToken() && token < use.ringToken() + use.ownTokens();
      int writtenIn = token < use.ringToken() ? clip : clip - 1;
      if (own) {
        put(window.ring(token, 1), 0, ringValue(token, step, clip));
      } else {
        assertThat(get(window.ring(token, 1), 0)).isEqualTo(ringValue(token, step, writtenIn));
      }
    }
    for (int token = 0; token < shape.grid().frameTokens(); token++) {
      put(conditions, token, (byte) random.nextInt()); // the reference's keys, turned
    }
    leave(kept, staged, use);
  }

  private void come(LayerCaches kept, StagedCaches staged, CacheUse use) {
    for (int i = (int) deviceStart; i < memory.length; i++) {
      memory[i] = (byte) random.nextInt(); // what the slot's last guest has left
    }
    for (Copy copy : CacheCopies.toRead(kept, staged, use)) {
      move(copy.host(), copy.device());
    }
  }

  private void leave(LayerCaches kept, StagedCaches staged, CacheUse use) {
    for (Copy copy : CacheCopies.written(kept, staged, use)) {
      move(copy.device(), copy.host());
    }
  }

  private void move(Tensor source, Tensor target) {
    target.require("target", source.dtype(), source.shape());
    int from = (int) DeviceTensor.of(source).address();
    int to = (int) DeviceTensor.of(target).address();
    System.arraycopy(memory, from, memory, to, (int) source.bytes());
  }

  private byte conditionValue(int token) {
    return (byte) (token * 7 + generation * 50);
  }

  private static byte ringValue(int token, int step, int clip) {
    return (byte) (token * 11 + step * 40 + clip * 5 + 3);
  }

  private void put(KvRun run, int token, byte value) {
    memory[place(run, run.cache().keys(), token)] = value;
    memory[place(run, run.cache().values(), token)] = (byte) ~value;
  }

  private byte get(KvRun run, int token) {
    byte key = memory[place(run, run.cache().keys(), token)];
    assertThat(memory[place(run, run.cache().values(), token)]).isEqualTo((byte) ~key);
    return key;
  }

  /** Returns where one byte of a token is; in a packed group each token has another one. */
  private static int place(KvRun run, Tensor tensor, int token) {
    int index = run.first() + token;
    int unit = run.isPacked() ? KvCache.GROUP_TOKENS : 1;
    int unitBytes = (int) tensor.slice(0, 1).bytes();
    return (int) DeviceTensor.of(tensor).address() + index / unit * unitBytes + index % unit;
  }

  /** Addresses without memory. */
  private record Simulated(long start, long capacityBytes) implements Block {
    @Override
    public Tensor tensor(long offsetBytes, DType dtype, Shape shape) {
      long bytes = shape.elements() * dtype.bytes();
      return new DeviceTensor(dtype, shape, new DeviceMemory(start + offsetBytes, bytes));
    }

    @Override
    public Block part(long offsetBytes, long partBytes) {
      return new Simulated(start + offsetBytes, partBytes);
    }
  }
}
