package dev.longtake.runtime.tools.verify;

import dev.longtake.runtime.sampling.FlowMatchSchedule;
import java.util.TreeSet;

/** Noise levels and timesteps. */
final class SamplerCases implements CaseGroup {
  private static final String FILE = "sampler.safetensors";

  @Override
  public String name() {
    return "sampler";
  }

  @Override
  public void run(Subject subject, CaseLog log) {
    for (String name : new TreeSet<>(subject.bundle().names(FILE))) {
      FlowMatchSchedule schedule =
          FlowMatchSchedule.of(Integer.parseInt(name.substring(name.indexOf('_') + 1)));
      float[] actual = name.startsWith("sigmas") ? schedule.sigmas() : schedule.timesteps();
      log.host("sampler." + name, actual, subject.bundle().values(FILE, name).values());
    }
  }
}
