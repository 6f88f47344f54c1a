package dev.longtake.runtime.engine.device;

import dev.longtake.runtime.api.DeviceHealth;
import dev.longtake.runtime.api.DeviceLoad;
import dev.longtake.runtime.api.LeasableDevice;
import java.util.ArrayList;
import java.util.List;

/** Watches over all devices of a team. */
record TeamHealth(List<DeviceHealth> each) implements DeviceHealth {
  static DeviceHealth watch(List<LeasableDevice> members) {
    TeamHealth team = new TeamHealth(new ArrayList<>());
    try {
      members.forEach(member -> team.each.add(DeviceChoice.watch(member)));
      return team;
    } catch (RuntimeException | Error e) {
      team.close();
      throw e;
    }
  }

  @Override
  public void check() {
    each.forEach(DeviceHealth::check);
  }

  @Override
  public List<DeviceLoad> load() {
    return each.stream().flatMap(one -> one.load().stream()).toList();
  }

  @Override
  public void close() {
    each.forEach(DeviceHealth::close);
  }
}
