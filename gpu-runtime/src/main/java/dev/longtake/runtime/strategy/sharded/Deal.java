package dev.longtake.runtime.strategy.sharded;

import java.util.ArrayList;
import java.util.List;

/**
 * Which of several devices owns which parts of a kind.
 *
 * @param shard the device whose view this is
 * @param owners the rank of each part's owner
 */
record Deal(Shard shard, List<Integer> owners) {
  /** Copies the list. */
  Deal {
    owners = List.copyOf(owners);
  }

  /**
   * Deals one by one, so that every device has a part of its own again soon: the last one first.
   */
  static Deal oneByOne(Shard shard, int parts) {
    List<Integer> owners = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      owners.add(shard.count() - 1 - part % shard.count());
    }
    return new Deal(shard, owners);
  }

  /**
   * Gives each part to the device that has least.
   *
   * @param held bytes that each device has already, by rank
   */
  static Deal toTheLeast(Shard shard, int parts, long partBytes, long[] held) {
    long[] bytes = held.clone();
    List<Integer> owners = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      int least = 0;
      for (int rank = 1; rank < bytes.length; rank++) {
        if (bytes[rank] < bytes[least]) {
          least = rank;
        }
      }
      owners.add(least);
      bytes[least] += partBytes;
    }
    return new Deal(shard, owners);
  }

  /** Returns the bytes that each device has of these parts, by rank. */
  long[] bytes(long partBytes) {
    long[] bytes = new long[shard.count()];
    owners.forEach(rank -> bytes[rank] += partBytes);
    return bytes;
  }

  int parts() {
    return owners.size();
  }

  int owner(int part) {
    return owners.get(part);
  }

  /** Returns whether this device owns a part. */
  boolean owns(int part) {
    return owner(part) == shard.rank();
  }

  /**
   * Returns the slots that parts of other devices need so that copying one hides behind computing
   * another: of two devices, each has something of its own between any two of the other's; of more,
   * others' follow one another.
   */
  int slots() {
    int others = (int) owners.stream().filter(rank -> rank != shard.rank()).count();
    return Math.min(Math.min(shard.count() - 1, 2), others);
  }
}
