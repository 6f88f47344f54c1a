package dev.longtake.runtime.tools.verify;

import dev.longtake.runtime.engine.device.DeviceChoice;
import dev.longtake.runtime.weights.Checkpoint;

/** Cases that are about one part of the model. */
interface CaseGroup {
  /** Returns what the cases are called together, for when none of them can be computed. */
  String name();

  /** Computes the cases and has them judged. */
  void run(Subject subject, CaseLog log);

  /**
   * What is verified, and with what.
   *
   * @param runner of single modules, on the device that is chosen
   * @param threads on the CPU
   */
  record Subject(
      GoldenBundle bundle,
      Checkpoint checkpoint,
      ModuleRunner runner,
      DeviceChoice choice,
      int threads) {}
}
