package dev.longtake.runtime.tools.verify;

import dev.longtake.runtime.weights.StoredTensor;
import java.util.TreeSet;

/** Weights after the adapter was merged into them. */
final class LoraCases implements CaseGroup {
  private static final String FILE = "lora_merged.safetensors";

  @Override
  public String name() {
    return "lora";
  }

  @Override
  public void run(Subject subject, CaseLog log) {
    for (String name : new TreeSet<>(subject.bundle().names(FILE))) {
      StoredTensor merged = subject.checkpoint().dit().tensor(name);
      float[] actual = new float[Math.toIntExact(merged.shape().elements())];
      merged.read(0, actual, 0, actual.length);
      log.host("lora." + name, actual, subject.bundle().values(FILE, name).values());
    }
  }
}
