package dev.longtake.runtime.tools.verify;

import com.google.auto.service.AutoService;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.engine.device.ComputeDevice;
import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.tools.DeviceOptions;
import dev.longtake.runtime.weights.Checkpoint;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code longtake verify}. */
@SuppressWarnings("rawtypes") // a service type has no type arguments
@AutoService(Callable.class)
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    description = "Recomputes a golden bundle and compares it with the official model's results.",
    footer = {
      "",
      "Prints a line a case, PASS|FAIL <case> <error> <limit>, and how many there were. The error"
          + " is |actual - expected| / |expected|, or how many integers differ, or the share of"
          + " 8-bit values that are more than one level off.",
      "",
      "In fp32 the limits are fixed; in bf16 and fp8 they are 1.5 times the error that the official"
          + " code's own rollout in this precision has against fp32. With fp8 that is its latents'"
          + " error; what leads to them may be off by 1.5 times what rounding both inputs of one"
          + " matrix product costs.",
      "",
      "Exit codes: 0 all passed, 1 some failed, 2 refused before starting."
    })
public final class VerifyCommand implements Callable<Integer> {
  private static final List<CaseGroup> GROUPS =
      List.of(
          new SamplerCases(),
          new PictureCases(),
          new TextCases(),
          new AudioCases(),
          new VaeCases(),
          new LoraCases(),
          new DitPieceCases(),
          new RolloutCases());

  @Spec private CommandSpec spec;
  @Mixin private DeviceOptions compute;

  @Option(
      names = "--bundle",
      required = true,
      paramLabel = "DIR",
      description = "Folder with bundle.json, ckpt/ and golden/.")
  private Path bundle;

  @Override
  public Integer call() {
    DeviceChoice choice = compute.choice();
    choice.requireAvailable();
    GoldenBundle golden = GoldenBundle.open(bundle);
    PrintWriter out = spec.commandLine().getOut();
    CaseLog log = new CaseLog(out, Limits.of(golden, choice.precision(), choice.kvPrecision()));
    verify(golden, choice, compute.threads(), log);
    out.printf("%d passed, %d failed%n", log.passed(), log.failed());
    out.flush();
    return log.failed() == 0 ? 0 : 1;
  }

  /** Runs every case; those that cannot be computed fail. */
  static void verify(GoldenBundle bundle, DeviceChoice choice, int threads, CaseLog log) {
    try (Checkpoint checkpoint = bundle.openCheckpoint();
        ComputeDevice device = choice.open(threads)) {
      CaseGroup.Subject subject =
          new CaseGroup.Subject(bundle, checkpoint, new ModuleRunner(device), choice, threads);
      for (CaseGroup group : GROUPS) {
        try {
          group.run(subject, log);
        } catch (LongtakeException | IllegalArgumentException e) {
          log.broken(group.name(), e);
        }
      }
    }
  }
}
