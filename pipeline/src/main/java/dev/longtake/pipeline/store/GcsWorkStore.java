package dev.longtake.pipeline.store;

import static com.google.common.base.Preconditions.checkArgument;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.google.cloud.storage.BlobId;
import com.google.common.io.ByteStreams;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * A work store below a prefix of a Google Cloud Storage bucket.
 *
 * <p>An object appears when its upload is complete, so nothing has a temporary name. A writer that
 * dies leaves a resumable session that the server forgets within a week, and nothing else.
 */
final class GcsWorkStore implements WorkStore {
  private static final long serialVersionUID = 1L;

  private final URI root;

  /**
   * @param root {@code gs://<bucket>/}, or more, ending in {@code '/'}
   */
  GcsWorkStore(URI root) {
    checkArgument(
        GcsName.SCHEME.equals(root.getScheme())
            && root.getAuthority() != null
            && root.getPath().endsWith("/")
            && root.getQuery() == null
            && root.getFragment() == null,
        "A work store's root in Google Cloud Storage must be gs://<bucket>/<prefix>/, but was '%s'",
        root);
    this.root = root;
  }

  @Override
  public URI root() {
    return root;
  }

  @Override
  public String put(InputStream content) throws IOException {
    Path file = Files.createTempFile("longtake-upload-", ".tmp");
    try {
      return put(LocalContent.write(content, file));
    } finally {
      Files.deleteIfExists(file);
    }
  }

  @Override
  public String put(Path file) throws IOException {
    return put(LocalContent.of(file));
  }

  private String put(LocalContent content) throws IOException {
    String location = Locations.ofObject(content.digest());
    objects().put(object(location), content);
    return location;
  }

  @Override
  public Committed commit(String name, Path file, String metadata) throws IOException {
    Locations.check(name);
    Marker.parseMetadata(metadata);
    LocalContent content = LocalContent.of(file);
    String location = Locations.ofContent(name, content.digest());
    objects().put(object(location), content);
    String marker = Marker.write(metadata, content.digest(), content.bytes(), location);
    Path markerFile = Files.createTempFile("longtake-upload-", ".json");
    try {
      objects().write(object(Locations.ofMarker(name)), LocalContent.write(marker, markerFile));
    } finally {
      Files.deleteIfExists(markerFile);
    }
    return new Committed(location, content.digest(), content.bytes(), marker);
  }

  @Override
  public Optional<Committed> find(String name) throws IOException {
    Optional<Committed> entry =
        objects()
            .read(object(Locations.ofMarker(Locations.check(name))))
            .flatMap(marker -> Marker.read(name, new String(marker, UTF_8)));
    if (entry.isEmpty()) {
      return entry;
    }
    return objects()
        .find(object(entry.get().location()))
        .filter(object -> object.bytes() == entry.get().bytes())
        .flatMap(object -> entry);
  }

  @Override
  public boolean isIntact(Committed entry) throws IOException {
    try (InputStream content = openVerified(entry.location(), entry.digest())) {
      return ByteStreams.exhaust(content) == entry.bytes();
    } catch (DamagedContentException | NoSuchFileException e) {
      return false;
    }
  }

  @Override
  public boolean exists(String location) throws IOException {
    return objects().find(object(location)).isPresent();
  }

  @Override
  public InputStream openRead(String location) throws IOException {
    return objects().open(object(location));
  }

  @Override
  public InputStream openVerified(String location, String digest) throws IOException {
    Locations.checkDigest(digest);
    return new VerifyingInputStream(openRead(location), location, digest);
  }

  @Override
  public void copyTo(String location, String digest, Path target) throws IOException {
    Path file = target.toAbsolutePath();
    AtomicFiles.Temporary copy;
    try (InputStream content = openVerified(location, digest)) {
      copy = AtomicFiles.write(requireNonNull(file.getParent(), "target"), content);
    }
    copy.publish(file);
  }

  /** Deletes nothing: there are no temporary objects. */
  @Override
  public int deleteLeftovers(Instant before) {
    return 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GcsWorkStore store && store.root.equals(root);
  }

  @Override
  public int hashCode() {
    return root.hashCode();
  }

  @Override
  public String toString() {
    return "GcsWorkStore[" + root + "]";
  }

  private static GcsObjects objects() throws IOException {
    return GcsObjects.ofThisProcess();
  }

  private BlobId object(String location) {
    return BlobId.of(root.getAuthority(), root.getPath().substring(1) + Locations.check(location));
  }
}
