package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.engine.device.DeviceLinks;
import dev.longtake.runtime.engine.device.LinkTable;
import dev.longtake.runtime.spi.DeviceLink;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Engines on a device each that make up one engine. */
record EngineGroup(List<LongtakeEngine> members) {
  /** Copies the list. */
  EngineGroup {
    members = List.copyOf(members);
  }

  LongtakeEngine first() {
    return members.get(0);
  }

  /** Returns where the memory of each goes, a line a device. */
  String memoryPlan() {
    return members.stream()
        .map(member -> member.device().description() + ": " + member.memoryPlan())
        .collect(Collectors.joining(System.lineSeparator()));
  }

  /** Returns what each has used. */
  List<DeviceUse> use() {
    return members.stream().flatMap(member -> member.use().stream()).toList();
  }

  List<OpenEngine.Part> parts() {
    return members.stream().flatMap(member -> member.parts().stream()).toList();
  }

  /** Tries and measures the links between all. */
  LinkTable measureLinks() {
    return LinkTable.measure(members.stream().map(LongtakeEngine::device).toList());
  }

  /**
   * Opens the links from all members to one of them, by rank.
   *
   * @param resources gets what has to be closed before any engine
   */
  List<DeviceLink> linksTo(int to, LinkTable table, Resources resources) {
    LongtakeEngine target = members.get(to);
    List<DeviceLink> links = new ArrayList<>();
    for (int from = 0; from < members.size(); from++) {
      LongtakeEngine source = members.get(from);
      links.add(
          from == to
              ? DeviceLinks.planned() // never used
              : resources.add(
                  DeviceLinks.open(
                      source.device(),
                      source.queues(),
                      target.device(),
                      target.queues(),
                      table.between(from, to))));
    }
    return links;
  }
}
