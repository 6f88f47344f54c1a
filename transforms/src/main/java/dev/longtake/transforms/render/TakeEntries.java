package dev.longtake.transforms.render;

import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.store.Committed;
import dev.longtake.pipeline.store.DamagedContentException;
import dev.longtake.pipeline.store.WorkStore;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.transforms.media.Scratch;
import dev.longtake.transforms.records.FaultRecord;
import dev.longtake.transforms.records.RecordJson;
import dev.longtake.transforms.records.TakeRecord;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where takes are in the work store.
 *
 * <pre>
 * requests/&lt;request hash&gt;/take-0003-&lt;take hash&gt;/clip-00042.mp4   (+ .json)  a fragment, and how it was made
 * requests/&lt;request hash&gt;/take-0003-&lt;take hash&gt;/end.safetensors (+ .json)  what the next take goes on from
 * requests/&lt;request hash&gt;/take-0003-&lt;take hash&gt;/take            (+ .json)  written last: the take counts
 * requests/&lt;request hash&gt;/take-0003-&lt;take hash&gt;/fault-1         (+ .json)  a device that broke down with it
 * </pre>
 *
 * <p>The caches of a take are far too large to be kept (44 GB at full size), so a take that was
 * interrupted begins again; therefore its clips are committed together, when it is complete. What
 * is committed is never generated again.
 */
public final class TakeEntries {
  private static final int HASH_CHARS = 12;

  private final WorkStore store;

  /** Reads and writes {@code store}. */
  public TakeEntries(WorkStore store) {
    this.store = store;
  }

  /** Returns the record of a take, or empty if it is not complete. */
  public Optional<TakeRecord> find(PreparedRequest request, PlannedTake take) throws IOException {
    Optional<Committed> entry = store.find(recordName(request, take));
    if (entry.isEmpty()) {
      return Optional.empty();
    }
    try (InputStream json = store.openVerified(entry.get().location(), entry.get().digest())) {
      return Optional.of(RecordJson.read(json, TakeRecord.class));
    } catch (DamagedContentException e) {
      return Optional.empty(); // somebody changed it: the take is rendered again
    }
  }

  /** Returns whether all files of a take are as they were committed. Reads all of them. */
  boolean isIntact(TakeRecord take) throws IOException {
    if (!take.tail().isEmpty() && !store.exists(take.tail())) {
      return false;
    }
    for (TakeRecord.ClipRecord clip : take.clips()) {
      if (!store.isIntact(new Committed(clip.location(), clip.digest(), clip.bytes(), "{}"))) {
        return false;
      }
    }
    return true;
  }

  /** Returns what a take ended with, or empty if that was not kept or is damaged. */
  Optional<TakeState> end(PreparedRequest request, PlannedTake take) throws IOException {
    Optional<Committed> entry = store.find(endName(request, take));
    if (entry.isEmpty() || !store.isIntact(entry.get())) {
      return Optional.empty();
    }
    try (InputStream content = store.openRead(entry.get().location())) {
      return Optional.of(TakeStateFile.read(content));
    }
  }

  /** Commits a fragment; it does not count before {@link #commit}. */
  Committed commitClip(
      PreparedRequest request, PlannedTake take, int clip, Path fragment, Record howItWasMade)
      throws IOException {
    return store.commit(
        "%s/clip-%05d.mp4".formatted(directory(request, take), clip),
        fragment,
        RecordJson.write(howItWasMade));
  }

  /** Keeps the frames that a take would have gone on with, and returns where they are. */
  String putTail(byte[] frames) throws IOException {
    return store.put(new ByteArrayInputStream(frames));
  }

  /** Commits what a take ended with. */
  void commitEnd(PreparedRequest request, PlannedTake take, TakeState end, Path scratch)
      throws IOException {
    Path file = scratch.resolve("end.safetensors");
    TakeStateFile.write(file, end);
    store.commit(endName(request, take), file, "{\"moving\":%s}".formatted(end.moving()));
  }

  /** Commits a take: from now on it and its clips count. */
  void commit(PreparedRequest request, PlannedTake take, TakeRecord record, Path scratch)
      throws IOException {
    Path file = scratch.resolve("take.json");
    Files.writeString(file, RecordJson.write(record));
    store.commit(recordName(request, take), file, "{}");
  }

  /** Returns the devices that broke down with a take, oldest first, at most so many. */
  List<FaultRecord> faults(PreparedRequest request, PlannedTake take, int most) throws IOException {
    List<FaultRecord> faults = new ArrayList<>();
    for (int i = 1; i <= most; i++) {
      Optional<Committed> entry = store.find(faultName(request, take, Integer.toString(i)));
      if (entry.isEmpty()) {
        break;
      }
      try (InputStream json = store.openVerified(entry.get().location(), entry.get().digest())) {
        faults.add(RecordJson.read(json, FaultRecord.class));
      }
    }
    return faults;
  }

  /** Adds to what {@link #faults} returns, unless it is complete. */
  void addFault(PreparedRequest request, PlannedTake take, FaultRecord fault, int most)
      throws IOException {
    int number = faults(request, take, most).size() + 1;
    if (number > most) {
      return;
    }
    try (Scratch scratch = Scratch.create()) {
      Path file = scratch.directory().resolve("fault.json");
      Files.writeString(file, RecordJson.write(fault));
      store.commit(faultName(request, take, Integer.toString(number)), file, "{}");
    }
  }

  /** Returns the name of an entry about a fault of a device. */
  String faultName(PreparedRequest request, PlannedTake take, String number) {
    return directory(request, take) + "/fault-" + number;
  }

  private static String recordName(PreparedRequest request, PlannedTake take) {
    return directory(request, take) + "/take";
  }

  private static String endName(PreparedRequest request, PlannedTake take) {
    return directory(request, take) + "/end.safetensors";
  }

  private static String directory(PreparedRequest request, PlannedTake take) {
    return "requests/%s/take-%04d-%s"
        .formatted(request.getHash(), take.getIndex(), take.getHash().substring(0, HASH_CHARS));
  }
}
