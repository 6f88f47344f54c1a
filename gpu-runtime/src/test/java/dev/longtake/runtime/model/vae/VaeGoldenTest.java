package dev.longtake.runtime.model.vae;

import static org.assertj.core.api.Assertions.assertThat;

import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.memory.HostBlock;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.ops.cpu.CpuOps;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Shape;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.CheckpointWeightReader;
import dev.longtake.runtime.weights.SafetensorsFile;
import dev.longtake.runtime.weights.StoredTensor;
import dev.longtake.runtime.weights.TensorSource;
import dev.longtake.runtime.weights.TorchPickleFile;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VaeGoldenTest {
  private static final Path BUNDLE = Path.of("src/test/resources/golden/small");
  private static final long MEMORY_BYTES = 64L << 20;
  private static final int THREADS = 2;

  /** What the golden bundles ask of a single module in fp32: ‖a − b‖/‖b‖. */
  private static final double LARGEST_ERROR = 1e-5;

  private final HostBlock workspace = HostBlock.reserve(MEMORY_BYTES);
  private final HostBlock memory = HostBlock.reserve(MEMORY_BYTES);
  private final Arena arena = new Arena("test", memory);
  private final Ops ops = new CpuOps(THREADS, workspace);
  private final VaeWeights weights = readWeights();

  @AfterEach
  void giveBack() {
    ops.close();
    memory.close();
    workspace.close();
  }

  @Test
  void encodesAsTheOfficialCode() {
    Tensor video = golden("video");
    Shape pixels = video.shape();
    float[] expected = values(golden("encoded"));
    int frames = pixels.extent(0);
    Tensor latents =
        arena.tensor(
            DType.FP32,
            VaeConfig.latentFrames(frames),
            pixels.extent(1) / VaeConfig.SPATIAL_STRIDE,
            pixels.extent(2) / VaeConfig.SPATIAL_STRIDE,
            weights.config().latentChannels());

    try (Arena.Scope scope = ops.workspace().scope()) {
      new VaeEncoder(ops, weights, ops.workspace(), pixels.extent(1), pixels.extent(2))
          .encode(FrameSource.of(ops, video), frames, latents);
    }

    assertThat(relativeError(values(latents), expected)).isLessThan(LARGEST_ERROR);
  }

  @Test
  void aStillIsAVideoOfEqualFrames() {
    Tensor picture = golden("video").slice(0, 1);
    int height = picture.shape().extent(1);
    int width = picture.shape().extent(2);
    Tensor video = arena.tensor(DType.FP32, 5, height, width, VaeConfig.COLOURS);
    FrameSource.still(ops, picture).read(0, video);
    VaeEncoder encoder = new VaeEncoder(ops, weights, arena, height, width);
    Tensor ofVideo = arena.tensor(DType.FP32, 2, height / 8, width / 8, 16);
    Tensor ofStill = arena.tensor(DType.FP32, 2, height / 8, width / 8, 16);

    encoder.encode(FrameSource.of(ops, video), 5, ofVideo);
    encoder.encode(FrameSource.still(ops, picture), 5, ofStill);

    assertThat(values(ofStill)).isEqualTo(values(ofVideo));
  }

  @Test
  void decodesAsTheOfficialCode() {
    Tensor latents = golden("latents");
    float[] expected = values(golden("decoded"));

    float[] decoded = decode(newDecoder(latents), latents, 0, latents.shape().extent(0));

    for (int i = 0; i < decoded.length; i++) { // the golden values are clamped, ours are not
      decoded[i] = Math.max(-1, Math.min(1, decoded[i]));
    }
    assertThat(relativeError(decoded, expected)).isLessThan(LARGEST_ERROR);
  }

  @Test
  void goesOnFromCallToCallWhateverIsDoneInBetween() {
    Tensor latents = golden("latents");
    int count = latents.shape().extent(0);
    float[] atOnce = decode(newDecoder(latents), latents, 0, count);

    StreamingVaeDecoder decoder = newDecoder(latents);
    float[] before = decode(decoder, latents, 0, 2);
    decode(newDecoder(latents), latents, 0, count); // another video in the same workspace
    float[] after = decode(decoder, latents, 2, count - 2);

    float[] joined = new float[before.length + after.length];
    System.arraycopy(before, 0, joined, 0, before.length);
    System.arraycopy(after, 0, joined, before.length, after.length);
    assertThat(joined).isEqualTo(atOnce); // to the last bit
  }

  @Test
  void startsAnewAfterAReset() {
    Tensor latents = golden("latents");
    StreamingVaeDecoder decoder = newDecoder(latents);
    float[] first = decode(decoder, latents, 0, 3);

    decoder.reset();

    assertThat(decode(decoder, latents, 0, 3)).isEqualTo(first);
  }

  private VaeWeights readWeights() {
    Path file = BUNDLE.resolve("ckpt/Wan2.2-S2V-14B/Wan2.1_VAE.pth");
    try (TensorSource source = TorchPickleFile.open(file)) {
      CheckpointWeightReader reader = new CheckpointWeightReader(source, ops, arena);
      VaeWeights read = VaeWeights.read(reader, VaeConfig.read(source));
      reader.requireAllRead(Set.of());
      return read;
    }
  }

  private StreamingVaeDecoder newDecoder(Tensor latents) {
    return new StreamingVaeDecoder(
        ops, weights, arena, latents.shape().extent(1), latents.shape().extent(2));
  }

  /** Returns the video frames of the latent frames from {@code first} on. */
  private float[] decode(StreamingVaeDecoder decoder, Tensor latents, int first, int count) {
    int height = latents.shape().extent(1) * VaeConfig.SPATIAL_STRIDE;
    int width = latents.shape().extent(2) * VaeConfig.SPATIAL_STRIDE;
    int frames = decoder.nextFrames() + (count - 1) * VaeConfig.TEMPORAL_STRIDE;
    Tensor video = arena.tensor(DType.FP32, frames, height, width, VaeConfig.COLOURS);
    int frame = 0;
    for (int i = first; i < first + count; i++) {
      int next = decoder.nextFrames();
      decoder.decode(latents.slice(i, 1), video.slice(frame, next));
      frame += next;
    }
    return values(video);
  }

  private float[] values(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().elements())];
    ops.download(tensor, values, 0);
    return values;
  }

  /** Returns a golden tensor [1, C, T, H, W] as [T, H, W, C]. */
  private Tensor golden(String name) {
    try (TensorSource file = SafetensorsFile.open(BUNDLE.resolve("golden/vae.safetensors"))) {
      StoredTensor stored = file.tensor(name);
      int channels = stored.shape().extent(1);
      int[] positions = stored.shape().toArray();
      float[] channelsFirst = new float[Math.toIntExact(stored.shape().elements())];
      stored.read(0, channelsFirst, 0, channelsFirst.length);
      float[] channelsLast = new float[channelsFirst.length];
      int count = channelsFirst.length / channels;
      for (int i = 0; i < channelsFirst.length; i++) {
        channelsLast[i % count * channels + i / count] = channelsFirst[i];
      }
      Tensor tensor = arena.tensor(DType.FP32, positions[2], positions[3], positions[4], channels);
      ops.upload(channelsLast, 0, tensor);
      return tensor;
    }
  }

  /** Returns ‖actual − expected‖/‖expected‖; a NaN in either gives NaN, which is below no limit. */
  private static double relativeError(float[] actual, float[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double error = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = (double) actual[i] - expected[i];
      error += difference * difference;
      norm += (double) expected[i] * expected[i];
    }
    return Math.sqrt(error / norm);
  }
}
