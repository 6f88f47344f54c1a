package dev.longtake.transforms.stitch;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.store.Committed;
import dev.longtake.pipeline.store.DamagedContentException;
import dev.longtake.pipeline.store.Publisher;
import dev.longtake.transforms.records.RecordJson;
import dev.longtake.transforms.records.VideoRecord;
import dev.longtake.transforms.settings.RenderSettings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Which videos are finished: the work store has a record of each, at {@code requests/<request
 * hash>/video-<hash of takes, sound and place>}.
 */
public final class PublishedVideos {
  private static final int HASH_CHARS = 12;

  private final RenderSettings settings;

  /** Looks in the work store and the output directory of {@code settings}. */
  public PublishedVideos(RenderSettings settings) {
    this.settings = settings;
  }

  /** Returns where a request's video belongs. */
  public String destination(PreparedRequest request) {
    String name = request.getRequest().getOutput();
    return settings.output() + "/" + (name == null ? request.getRequest().getId() + ".mp4" : name);
  }

  /** Returns the record of a request's video, or empty if it is not there as it was published. */
  public Optional<VideoRecord> find(PreparedRequest request) throws IOException {
    Optional<Committed> entry = settings.store().find(name(request));
    if (entry.isEmpty()) {
      return Optional.empty();
    }
    VideoRecord record;
    try (InputStream json =
        settings.store().openVerified(entry.get().location(), entry.get().digest())) {
      record = RecordJson.read(json, VideoRecord.class);
    } catch (DamagedContentException e) {
      return Optional.empty(); // somebody changed it: the video is joined again
    }
    return Publisher.lengthOf(record.location()) == record.bytes()
        ? Optional.of(record)
        : Optional.empty();
  }

  /**
   * Notes that a video was published.
   *
   * @param scratch directory for a file on the way
   * @return where the record is in the work store
   */
  String commit(PreparedRequest request, VideoRecord record, Path scratch) throws IOException {
    Path file = scratch.resolve("video.json");
    Files.writeString(file, RecordJson.write(record));
    return settings.store().commit(name(request), file, "{}").location();
  }

  /** Returns where the record of a found video is in the work store. */
  String recordLocation(PreparedRequest request) throws IOException {
    return settings.store().find(name(request)).map(Committed::location).orElse("");
  }

  private String name(PreparedRequest request) {
    Hasher hasher = Hashing.sha256().newHasher();
    for (PlannedTake take : request.getTakes()) {
      hasher.putString(take.getHash(), UTF_8);
    }
    hasher.putString(request.getSound(), UTF_8).putString(destination(request), UTF_8);
    return "requests/%s/video-%s"
        .formatted(request.getHash(), hasher.hash().toString().substring(0, HASH_CHARS));
  }
}
