package dev.longtake.runtime.model.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.TensorSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VaeConfigTest {
  private static final List<Integer> WIDTHS = List.of(96, 192, 384, 384);
  private static final VaeConfig OFFICIAL = new VaeConfig(WIDTHS, 16);

  /** How many tensors the official file has. */
  private static final int OFFICIAL_TENSORS = 194;

  @Test
  void hasTheOfficialNumberOfTensors() {
    assertThat(TensorNames.of(OFFICIAL)).hasSize(OFFICIAL_TENSORS);
  }

  @Test
  void takesItsSizesFromTheTensors() {
    assertThat(VaeConfig.read(new NamedShapes(names(), WIDTHS, 16))).isEqualTo(OFFICIAL);
  }

  @Test
  void rejectsACheckpointThatLacksATensor() {
    Set<String> names = names();
    names.remove("decoder.upsamples.7.time_conv.bias");

    assertRejected(new NamedShapes(names, WIDTHS, 16), "1 are missing (decoder.upsamples.7");
  }

  @Test
  void rejectsACheckpointWithAnotherLayer() {
    Set<String> names = names();
    names.add("decoder.upsamples.15.residual.0.gamma");

    assertRejected(new NamedShapes(names, WIDTHS, 16), "(decoder.upsamples.15.residual.0.gamma)");
  }

  @Test
  void rejectsAnotherNumberOfLatentChannels() {
    assertRejected(new NamedShapes(names(), WIDTHS, 48), "48 latent channels");
  }

  @Test
  void rejectsALevelThatCannotBeHalved() {
    assertRejected(new NamedShapes(names(), List.of(4, 8, 15, 16), 16), "[4, 8, 15, 16]");
  }

  @Test
  void countsLatentFrames() {
    assertThat(VaeConfig.latentFrames(1)).isEqualTo(1);
    assertThat(VaeConfig.latentFrames(73)).isEqualTo(19);
    assertThatThrownBy(() -> VaeConfig.latentFrames(72))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("72");
  }

  private static Set<String> names() {
    return new HashSet<>(TensorNames.of(OFFICIAL));
  }

  private static void assertRejected(TensorSource source, String message) {
    assertThatThrownBy(() -> VaeConfig.read(source))
        .isInstanceOfSatisfying(
            LongtakeException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
        .hasMessageContaining(message);
  }

  /** A checkpoint that has names, and shapes where sizes are read from. */
  private record NamedShapes(Set<String> names, List<Integer> widths, int latentChannels)
      implements TensorSource {
    @Override
    public StoredTensor tensor(String name) {
      Map<String, Integer> outermost =
          Map.of(
              "encoder.downsamples.0.residual.2.weight", widths.get(0),
              "encoder.downsamples.3.residual.2.weight", widths.get(1),
              "encoder.downsamples.6.residual.2.weight", widths.get(2),
              "encoder.downsamples.9.residual.2.weight", widths.get(3),
              "conv2.weight", latentChannels);
      return new ShapeOnly(name, Shape.of(outermost.get(name), 1, 1, 1, 1));
    }

    @Override
    public String description() {
      return "Wan2.1_VAE.pth";
    }

    @Override
    public void close() {}
  }

  private record ShapeOnly(String name, Shape shape) implements StoredTensor {
    @Override
    public String file() {
      return "Wan2.1_VAE.pth";
    }

    @Override
    public DType dtype() {
      return DType.FP32;
    }

    @Override
    public void read(long firstElement, float[] out, int outOffset, int count) {
      throw new AssertionError("no values are needed to learn the sizes");
    }
  }
}
