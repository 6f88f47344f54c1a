package dev.longtake.runtime.engine;

import dev.longtake.runtime.api.DeviceUse;
import dev.longtake.runtime.engine.device.DeviceLinks;
import dev.longtake.runtime.engine.device.LinkTable;
import dev.longtake.runtime.spi.DeviceLink;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Engines that make up one engine. */
record EngineGroup<E extends OpenEngine>(List<E> members) {
  /** Copies the list. */
  EngineGroup {
    members = List.copyOf(members);
  }

  E first() {
    return members.get(0);
  }

  /** Returns where the memory of each goes, a line a device. */
  String memoryPlan() {
    return parts().stream()
        .map(part -> part.device().description() + ": " + part.work())
        .collect(Collectors.joining(System.lineSeparator()));
  }

  /** Returns what each has used. */
  List<DeviceUse> use() {
    return members.stream().flatMap(member -> member.use().stream()).toList();
  }

  List<OpenEngine.Part> parts() {
    return members.stream().flatMap(member -> member.parts().stream()).toList();
  }

  /** Returns why all are as they are, each reason once, for people. */
  String reasons() {
    return members.stream()
        .map(member -> member.choice().reason())
        .distinct()
        .collect(Collectors.joining("; "));
  }

  /** Tries and measures the links between all devices of a group. */
  static LinkTable measureLinks(EngineGroup<LongtakeEngine> group) {
    return LinkTable.measure(group.members().stream().map(LongtakeEngine::device).toList());
  }

  /**
   * Opens the links from all members of a group to one of them, by rank.
   *
   * @param resources gets what has to be closed before any engine
   */
  static List<DeviceLink> linksTo(
      EngineGroup<LongtakeEngine> group, int to, LinkTable table, Resources resources) {
    List<LongtakeEngine> members = group.members();
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
