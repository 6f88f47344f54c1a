package dev.longtake.pipeline.store;

import static com.google.common.base.Preconditions.checkArgument;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.io.ByteStreams;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/** A work store in a local or mounted directory whose file system renames atomically. */
final class LocalWorkStore implements WorkStore {
  private static final long serialVersionUID = 1L;

  private final URI root;

  /**
   * @param root a {@code file:} URI that ends in {@code '/'}
   */
  LocalWorkStore(URI root) {
    checkArgument(
        "file".equals(root.getScheme()) && root.getPath().endsWith("/"),
        "A local work store's root must be a file: URI that ends in '/', but was '%s'",
        root);
    this.root = root;
  }

  @Override
  public URI root() {
    return root;
  }

  @Override
  public String put(InputStream content) throws IOException {
    AtomicFiles.Temporary blob = AtomicFiles.write(path("objects"), content);
    String location = Locations.ofObject(blob.digest());
    publishOrDiscard(blob, location);
    return location;
  }

  @Override
  public String put(Path file) throws IOException {
    try (InputStream content = Files.newInputStream(file)) {
      return put(content);
    }
  }

  @Override
  public Committed commit(String name, Path file, String metadata) throws IOException {
    Path directory = path(Locations.ofMarker(Locations.check(name))).getParent();
    Marker.parseMetadata(metadata);
    AtomicFiles.Temporary content;
    try (InputStream bytes = Files.newInputStream(file)) {
      content = AtomicFiles.write(directory, bytes);
    }
    String location = Locations.ofContent(name, content.digest());
    publishOrDiscard(content, location);
    String marker = Marker.write(metadata, content.digest(), content.bytes(), location);
    publishOrDiscard(
        AtomicFiles.write(directory, new ByteArrayInputStream(marker.getBytes(UTF_8))),
        Locations.ofMarker(name));
    return new Committed(location, content.digest(), content.bytes(), marker);
  }

  @Override
  public Optional<Committed> find(String name) throws IOException {
    String json;
    try {
      json = Files.readString(path(Locations.ofMarker(Locations.check(name))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    Optional<Committed> entry = Marker.read(name, json);
    if (entry.isPresent() && length(entry.get().location()) != entry.get().bytes()) {
      return Optional.empty();
    }
    return entry;
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
  public boolean exists(String location) {
    return Files.isRegularFile(path(location));
  }

  @Override
  public InputStream openRead(String location) throws IOException {
    return Files.newInputStream(path(location));
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
      copy = AtomicFiles.write(file.getParent(), content);
    }
    copy.publish(file);
  }

  @Override
  public int deleteLeftovers(Instant before) throws IOException {
    return AtomicFiles.deleteTemporaries(Path.of(root), before);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LocalWorkStore store && store.root.equals(root);
  }

  @Override
  public int hashCode() {
    return root.hashCode();
  }

  @Override
  public String toString() {
    return "LocalWorkStore[" + root + "]";
  }

  private Path path(String location) {
    return Path.of(root).resolve(Locations.check(location));
  }

  private long length(String location) throws IOException {
    try {
      return Files.size(path(location));
    } catch (NoSuchFileException e) {
      return -1;
    }
  }

  private void publishOrDiscard(AtomicFiles.Temporary file, String location) throws IOException {
    try {
      file.publish(path(location));
    } finally {
      file.discard(); // nothing is left to discard if it was published
    }
  }
}
