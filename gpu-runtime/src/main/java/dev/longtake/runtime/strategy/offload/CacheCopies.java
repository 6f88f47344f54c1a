package dev.longtake.runtime.strategy.offload;

import dev.longtake.runtime.model.dit.CacheUse;
import dev.longtake.runtime.model.dit.CacheUse.Kind;
import dev.longtake.runtime.model.dit.LayerCaches;
import dev.longtake.runtime.ops.KvRun;
import dev.longtake.runtime.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** What a forward needs of a layer's caches, and what it leaves, piece by piece. */
final class CacheCopies {
  /**
   * A piece that both sides have.
   *
   * @param host where the caches are kept
   */
  record Copy(Tensor host, Tensor device) {}

  private final LayerCaches host;
  private final LayerCaches device;
  private final List<Copy> copies = new ArrayList<>();

  private CacheCopies(LayerCaches host, LayerCaches device) {
    this.host = host;
    this.device = device;
  }

  /** Returns what a forward reads. What it overwrites is not among it. */
  static List<Copy> toRead(LayerCaches host, StagedCaches staged, CacheUse use) {
    CacheCopies pieces = new CacheCopies(host, staged.like(host, use));
    if (use.kind() != Kind.START) {
      pieces.addText();
    }
    if (use.kind() == Kind.DENOISE) {
      pieces.addReference();
      pieces.addWindowBut(use);
    } else {
      pieces.addConditions(CacheCopies::addEnds);
    }
    return pieces.copies;
  }

  /** Returns what a forward has written. */
  static List<Copy> written(LayerCaches host, StagedCaches staged, CacheUse use) {
    CacheCopies pieces = new CacheCopies(host, staged.like(host, use));
    if (use.kind() == Kind.START) {
      pieces.addText();
    }
    if (use.kind() == Kind.DENOISE) {
      pieces.addRun(use.own(host.window()), use.own(pieces.device.window()));
    } else {
      pieces.addReference();
      pieces.addConditions(CacheCopies::addRun);
    }
    return pieces.copies;
  }

  private void addText() {
    addRun(host.text(), device.text());
  }

  private void addReference() {
    copies.add(new Copy(host.referenceKeys(), device.referenceKeys()));
  }

  /** Adds conditions and ring as far as it is in use, but for the forward's own tokens. */
  private void addWindowBut(CacheUse use) {
    KvRun kept = host.window().inUse(use.ringTokens());
    KvRun seen = device.window().inUse(use.ringTokens());
    int before = use.own(host.window()).first() - kept.first();
    int behind = before + use.ownTokens();
    addPart(kept, seen, 0, before);
    addPart(kept, seen, behind, kept.count() - behind);
  }

  private void addConditions(Adding adding) {
    adding.add(this, host.window().conditions(), device.window().conditions());
    for (int i = 0; i < host.conditionCopies().size(); i++) {
      adding.add(this, host.conditionCopies().get(i), device.conditionCopies().get(i));
    }
  }

  /**
   * Adds the groups at both ends of a packed run that is written: they may hold tokens of others.
   */
  private void addEnds(KvRun kept, KvRun seen) {
    if (kept.isPacked()) {
      addPart(kept, seen, 0, 1);
      addPart(kept, seen, kept.count() - 1, 1);
    }
  }

  private void addPart(KvRun kept, KvRun seen, int from, int count) {
    addRun(kept.part(from, count), seen.part(from, count));
  }

  private void addRun(KvRun kept, KvRun seen) {
    if (kept.count() > 0) {
      copies.add(new Copy(kept.storedKeys(), seen.storedKeys()));
      copies.add(new Copy(kept.storedValues(), seen.storedValues()));
    }
  }

  /** How a run's pieces are chosen. */
  private interface Adding {
    void add(CacheCopies pieces, KvRun kept, KvRun seen);
  }
}
