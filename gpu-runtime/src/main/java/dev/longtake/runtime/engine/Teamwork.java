package dev.longtake.runtime.engine;

/**
 * A way for devices of a kind to make videos, whether or not it fits.
 *
 * @param teams that know nothing of each other
 * @param devices of all teams that have something to do, {@code lanes} takes at once on all
 * @param plan of the device that needs most
 * @param budget of each device
 * @param fps forecast frames a second of all takes together, {@code takeFps} of each; 0 if it does
 *     not fit
 */
record Teamwork(
    int teams,
    int devices,
    int lanes,
    EnginePlan plan,
    MemoryBudget budget,
    double fps,
    double takeFps) {
  boolean fits() {
    return fps > 0;
  }

  /** Returns how many devices make up a team. */
  int together() {
    return devices / teams;
  }

  /** Returns so many of this beside each other. */
  Teamwork times(int count) {
    return new Teamwork(
        count * teams, count * devices, count * lanes, plan, budget, count * fps, takeFps);
  }

  /** Returns the same for so many takes in all, which are as fast together. */
  Teamwork withLanes(int allLanes) {
    return new Teamwork(teams, devices, allLanes, plan, budget, fps, fps / allLanes);
  }

  /** Returns this and another way beside each other, for people that of this one. */
  Teamwork and(Teamwork other) {
    int allLanes = lanes + other.lanes;
    double allFps = fits() && other.fits() ? fps + other.fps : 0;
    return new Teamwork(
        teams + other.teams,
        devices + other.devices,
        allLanes,
        plan,
        budget,
        allFps,
        allFps / allLanes);
  }
}
