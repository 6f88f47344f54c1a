package dev.longtake.runtime.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The right to use all devices of a team. */
record TeamLease(LeasableDevice device, List<GpuLease> leases) implements GpuLease {
  /** Leases all devices of a team, or none. */
  static Optional<GpuLease> tryAcquire(GpuLeases leases, LeasableDevice team) {
    TeamLease lease = new TeamLease(team, new ArrayList<>());
    for (LeasableDevice member : team.members()) {
      Optional<GpuLease> own = leases.tryAcquire(member);
      if (own.isEmpty()) {
        lease.close();
        return Optional.empty();
      }
      lease.leases.add(own.get());
    }
    return Optional.of(lease);
  }

  @Override
  public void close() {
    leases.forEach(GpuLease::close);
  }
}
