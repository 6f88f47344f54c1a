package dev.longtake.runtime.tools.verify;

import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.memory.Arena;
import dev.longtake.runtime.model.vae.FrameSource;
import dev.longtake.runtime.model.vae.StreamingVaeDecoder;
import dev.longtake.runtime.model.vae.VaeConfig;
import dev.longtake.runtime.model.vae.VaeEncoder;
import dev.longtake.runtime.model.vae.VaeWeights;
import dev.longtake.runtime.ops.Ops;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.TensorSource;

/** The video autoencoder, forth and back, and back in pieces. */
final class VaeCases implements CaseGroup {
  private static final String FILE = "vae.safetensors";

  @Override
  public String name() {
    return "vae";
  }

  @Override
  public void run(Subject subject, CaseLog log) {
    HostValues video = subject.bundle().channelsLast(FILE, "video");
    HostValues encoded = subject.bundle().channelsLast(FILE, "encoded");
    HostValues latents = subject.bundle().channelsLast(FILE, "latents");
    HostValues decoded = subject.bundle().channelsLast(FILE, "decoded");
    log.module("vae.encode", encode(subject, video, encoded), encoded.values());
    log.module("vae.decode", decode(subject, latents, decoded, 0), decoded.values());
    log.module("vae.stream", decode(subject, latents, decoded, 2), decoded.values());
  }

  private static float[] encode(Subject subject, HostValues video, HostValues shape) {
    return withWeights(
        subject,
        (ops, arena, weights) -> {
          Tensor frames = arena.tensor(ops.activationType(), video.shape());
          ops.upload(video.values(), 0, frames);
          Tensor latents = arena.tensor(ops.activationType(), shape.shape());
          new VaeEncoder(ops, weights, arena, video.extent(1), video.extent(2))
              .encode(FrameSource.of(ops, frames), video.extent(0), latents);
          float[] result = new float[shape.values().length];
          ops.download(latents, result, 0);
          return result;
        });
  }

  /**
   * Decodes the latents, after {@code before} of them as another video. The official results are
   * clamped.
   */
  private static float[] decode(Subject subject, HostValues latents, HostValues shape, int before) {
    return withWeights(
        subject,
        (ops, arena, weights) -> {
          Tensor stream = arena.tensor(ops.activationType(), latents.shape());
          ops.upload(latents.values(), 0, stream);
          Tensor frames = arena.tensor(ops.activationType(), shape.shape());
          StreamingVaeDecoder decoder =
              new StreamingVaeDecoder(ops, weights, arena, latents.extent(1), latents.extent(2));
          decode(decoder, stream.slice(0, before), frames);
          decoder.reset();
          decode(decoder, stream, frames);
          float[] result = new float[shape.values().length];
          ops.download(frames, result, 0);
          for (int i = 0; i < result.length; i++) {
            result[i] = Math.max(-1f, Math.min(1f, result[i]));
          }
          return result;
        });
  }

  private static void decode(StreamingVaeDecoder decoder, Tensor latents, Tensor frames) {
    int frame = 0;
    for (int i = 0; i < latents.shape().extent(0); i++) {
      int count = decoder.nextFrames();
      decoder.decode(latents.slice(i, 1), frames.slice(frame, count));
      frame += count;
    }
  }

  private interface VaeComputation {
    float[] run(Ops ops, Arena arena, VaeWeights weights);
  }

  private static float[] withWeights(Subject subject, VaeComputation computation) {
    TensorSource source = subject.checkpoint().vae();
    VaeConfig config = VaeConfig.read(source);
    return subject
        .runner()
        .run(
            ComputeDevice::vaeType,
            module ->
                computation.run(
                    module.ops(), module.arena(), VaeWeights.read(module.reader(source), config)));
  }
}
