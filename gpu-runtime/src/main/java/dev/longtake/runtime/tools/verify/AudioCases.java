package dev.longtake.runtime.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.model.wav2vec2.AudioBuckets;
import dev.longtake.runtime.model.wav2vec2.AudioNormalizer;
import dev.longtake.runtime.model.wav2vec2.AudioWindows;
import dev.longtake.runtime.model.wav2vec2.FeatureTiming;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Config;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Encoder;
import dev.longtake.runtime.model.wav2vec2.Wav2Vec2Weights;
import dev.longtake.runtime.tools.media.MediaFiles;
import dev.longtake.runtime.weights.TensorSource;
import java.util.Arrays;

/** Speech: normalised samples, hidden states, their timing. The file is encoded whole. */
final class AudioCases implements CaseGroup {
  private static final String FILE = "wav2vec2.safetensors";
  private static final double FRAME_RATE_FPS = 25;

  @Override
  public String name() {
    return "wav2vec2";
  }

  @Override
  public void run(Subject subject, CaseLog log) {
    GoldenBundle bundle = subject.bundle();
    buckets(bundle, log);
    float[] samples = MediaFiles.readSpeech(bundle.file("speech.wav"));
    log.host(
        "audio.input_values",
        AudioNormalizer.of(samples).normalize(samples),
        bundle.values(FILE, "input_values").values());

    HostValues expected = bundle.values(FILE, "hidden_states");
    float[][] states = encode(subject, samples);
    int stateValues = expected.extent(1) * expected.extent(2);
    for (int i = 0; i < states.length; i++) {
      float[] golden =
          Arrays.copyOfRange(expected.values(), i * stateValues, (i + 1) * stateValues);
      log.module("wav2vec2.hidden_states." + i, states[i], golden);
    }
    timing(bundle, states, log);
  }

  private static void buckets(GoldenBundle bundle, CaseLog log) {
    int clipFrames = clipFrames(bundle);
    for (JsonNode golden : bundle.json("audio_buckets.json")) {
      int features = golden.path("features").asInt();
      AudioBuckets buckets = new AudioBuckets(features, clipFrames, FRAME_RATE_FPS);
      int[] actual = new int[buckets.frames() + 1];
      int[] expected = new int[golden.path("indices").size() + 1];
      actual[0] = buckets.clips();
      expected[0] = golden.path("num_repeat").asInt();
      for (int frame = 0; frame < buckets.frames(); frame++) {
        actual[frame + 1] = buckets.featureOf(frame);
      }
      for (int frame = 0; frame < golden.path("indices").size(); frame++) {
        expected[frame + 1] = golden.path("indices").get(frame).asInt();
      }
      log.exact("audio.buckets." + features, actual, expected);
    }
  }

  private static float[][] encode(Subject subject, float[] samples) {
    TensorSource source = Wav2Vec2Weights.source(subject.checkpoint().wav2vec2());
    Wav2Vec2Config config =
        Wav2Vec2Config.of(subject.checkpoint().wav2vec2Config(), "wav2vec2's config.json");
    AudioWindows whole = AudioWindows.wholeFile(config, samples.length);
    return subject
        .runner()
        .run(
            ComputeDevice::speechType,
            module -> {
              Wav2Vec2Encoder encoder =
                  new Wav2Vec2Encoder(
                      module.ops(), config, Wav2Vec2Weights.read(module.reader(source), config));
              float[][] states =
                  new float[config.layers() + 1][whole.frames() * config.hiddenSize()];
              encoder.encode(
                  samples,
                  whole,
                  (index, firstFrame, tensor) -> module.ops().download(tensor, states[index], 0));
              return states;
            });
  }

  private static void timing(GoldenBundle bundle, float[][] states, CaseLog log) {
    HostValues features = bundle.values(FILE, "features_30fps");
    HostValues embedding = bundle.values(FILE, "audio_embedding");
    int width = features.extent(2);
    FeatureTiming timing = new FeatureTiming(states[0].length / width);
    AudioBuckets buckets = new AudioBuckets(timing.features(), clipFrames(bundle), FRAME_RATE_FPS);
    float[] actualFeatures = new float[states.length * timing.features() * width];
    float[] actualEmbedding = new float[states.length * buckets.frames() * width];
    float[] frames = new float[buckets.frames() * width];
    for (int i = 0; i < states.length; i++) {
      for (int feature = 0; feature < timing.features(); feature++) {
        timing.feature(
            states[i], width, feature, actualFeatures, (i * timing.features() + feature) * width);
      }
      buckets.select(timing, states[i], width, 0, buckets.frames(), frames);
      for (int frame = 0; frame < buckets.frames(); frame++) {
        for (int c = 0; c < width; c++) {
          actualEmbedding[(i * width + c) * buckets.frames() + frame] = frames[frame * width + c];
        }
      }
    }
    log.module("audio.features_30fps", actualFeatures, features.values());
    log.module("audio.embedding", actualEmbedding, embedding.values());
  }

  private static int clipFrames(GoldenBundle bundle) {
    return bundle.description().path("config").path("frames").asInt();
  }
}
