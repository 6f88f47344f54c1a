package dev.longtake.transforms.settings;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Which devices a process may lease, and where it does that. What the options say counts for every
 * worker, unless a worker's environment says otherwise, since only that can differ from worker to
 * worker.
 *
 * @param device {@code cpu}, {@code cuda} for all GPUs that the process sees, or {@code cuda:N}
 * @param cpuDevices parts of the CPU, see {@link dev.longtake.runtime.api.CpuDevices}; empty for
 *     all of it
 * @param leaseDir directory that all processes of a host share
 * @param patient whether a worker waits while all its devices are in quarantine, because others can
 *     go on meanwhile; otherwise the run fails
 */
public record WorkerDevices(String device, String cpuDevices, String leaseDir, boolean patient)
    implements Serializable {
  private static final String DEVICE = "LONGTAKE_DEVICE";
  private static final String CPU_DEVICES = "LONGTAKE_CPU_DEVICES";
  private static final String LEASE_DIR = "LONGTAKE_LEASE_DIR";

  /** Checks that nothing was forgotten. */
  public WorkerDevices {
    requireNonNull(device, "device");
    requireNonNull(cpuDevices, "cpuDevices");
    requireNonNull(leaseDir, "leaseDir");
  }

  /** Returns the devices of this process. */
  public WorkerDevices here() {
    return in(System::getenv);
  }

  /**
   * Returns the devices of a process.
   *
   * @param environment returns a variable's value, or null
   */
  WorkerDevices in(UnaryOperator<@Nullable String> environment) {
    String ownDevice = environment.apply(DEVICE);
    String ownCpuDevices = environment.apply(CPU_DEVICES);
    String ownLeaseDir = environment.apply(LEASE_DIR);
    return new WorkerDevices(
        ownDevice == null ? device : ownDevice,
        ownCpuDevices == null ? cpuDevices : ownCpuDevices,
        ownLeaseDir == null ? leaseDir : ownLeaseDir,
        patient);
  }
}
