package dev.longtake.runtime.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.model.t5.PromptText;
import dev.longtake.runtime.model.t5.PromptTokenizer;
import dev.longtake.runtime.model.t5.T5Config;
import dev.longtake.runtime.model.t5.T5Encoder;
import dev.longtake.runtime.model.t5.T5Weights;
import dev.longtake.runtime.tensor.DType;
import dev.longtake.runtime.tensor.Tensor;
import dev.longtake.runtime.weights.TensorSource;
import java.util.Arrays;

/** Tokens and text embeddings of the bundle's prompts. */
final class TextCases implements CaseGroup {
  private static final String FILE = "t5.safetensors";

  @Override
  public String name() {
    return "t5";
  }

  @Override
  public void run(Subject subject, CaseLog log) {
    JsonNode prompts = subject.bundle().json("prompts.json");
    HostValues ids = subject.bundle().values(FILE, "ids");
    HostValues mask = subject.bundle().values(FILE, "mask");
    HostValues context = subject.bundle().values(FILE, "context");
    int length = ids.extent(1);
    int width = context.extent(2);
    int[][] tokens = new int[prompts.size()][];
    try (PromptTokenizer tokenizer =
        PromptTokenizer.open(subject.checkpoint().tokenizerJson(), length)) {
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = tokenizer.encode(PromptText.official(prompts.get(i).asText()));
        int[] padded = Arrays.copyOf(tokens[i], length);
        int[] used = new int[length];
        Arrays.fill(used, 0, Math.min(tokens[i].length, length), 1);
        log.exact("tokenizer.ids." + i, padded, row(ids, i, length));
        log.exact("tokenizer.mask." + i, used, row(mask, i, length));
      }
    }
    float[][] results = encode(subject, tokens);
    for (int i = 0; i < tokens.length; i++) {
      int start = i * length * width;
      float[] expected =
          Arrays.copyOfRange(context.values(), start, start + tokens[i].length * width);
      log.module("t5.context." + i, results[i], expected);
    }
  }

  private static float[][] encode(Subject subject, int[][] tokens) {
    TensorSource source = subject.checkpoint().t5();
    T5Config config = T5Config.of(source);
    return subject
        .runner()
        .run(
            module -> {
              T5Weights weights = T5Weights.read(module.reader(source), config);
              T5Encoder encoder =
                  new T5Encoder(
                      module.ops(), config, weights, source.tensor(T5Config.TOKEN_EMBEDDING));
              float[][] results = new float[tokens.length][];
              for (int i = 0; i < tokens.length; i++) {
                Tensor out = module.arena().tensor(DType.FP32, tokens[i].length, config.width());
                encoder.encode(tokens[i], out);
                results[i] = new float[tokens[i].length * config.width()];
                module.ops().download(out, results[i], 0);
              }
              return results;
            });
  }

  private static int[] row(HostValues table, int row, int length) {
    int[] values = new int[length];
    for (int i = 0; i < length; i++) {
      values[i] = (int) table.values()[row * length + i];
    }
    return values;
  }
}
