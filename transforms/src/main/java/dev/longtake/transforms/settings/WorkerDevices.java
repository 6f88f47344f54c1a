package dev.longtake.transforms.settings;

import static java.util.Comparator.comparingLong;
import static java.util.Objects.requireNonNull;

import com.google.common.collect.Lists;
import dev.longtake.runtime.api.EngineConfig;
import dev.longtake.runtime.api.EngineProvider;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.LeasableDevice;
import dev.longtake.runtime.api.LongtakeException;
import java.io.Serializable;
import java.util.List;
import java.util.function.Function;
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
   * Looks for what an engine may be opened on: devices, or teams of them where an engine uses
   * several. There are as many teams as there are whole ones.
   *
   * @param engine returns what would be opened on a device
   * @return at least one
   * @throws LongtakeException INVALID_CONFIG if an engine uses more devices than there are, or as
   *     {@link EngineProvider#devices} and {@link EngineProvider#devicesTogether}
   */
  public List<LeasableDevice> leasable(
      EngineProvider provider, Function<LeasableDevice, EngineConfig> engine) {
    List<LeasableDevice> single = provider.devices(device, cpuDevices);
    LeasableDevice largest =
        single.stream().max(comparingLong(LeasableDevice::memoryBytes)).orElseThrow();
    int together = provider.devicesTogether(engine.apply(largest), single.size());
    return together == 1 ? single : teams(single, together);
  }

  private static List<LeasableDevice> teams(List<LeasableDevice> devices, int together) {
    if (devices.size() < together) {
      throw new LongtakeException(
          ErrorCode.INVALID_CONFIG,
          ("An engine of this configuration uses %d devices, but there are %d: %s. Name more devices "
                  + "with --device, or let fewer work together.")
              .formatted(together, devices.size(), devices));
    }
    return Lists.partition(devices, together).stream()
        .filter(team -> team.size() == together)
        .map(LeasableDevice::team)
        .toList();
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
