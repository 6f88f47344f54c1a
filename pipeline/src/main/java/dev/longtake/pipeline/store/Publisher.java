package dev.longtake.pipeline.store;

import com.google.common.hash.Hashing;
import com.google.common.hash.HashingInputStream;
import com.google.common.io.ByteStreams;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.io.fs.MoveOptions.StandardMoveOptions;
import org.apache.beam.sdk.io.fs.ResolveOptions.StandardResolveOptions;
import org.apache.beam.sdk.io.fs.ResourceId;
import org.apache.beam.sdk.util.MimeTypes;

/**
 * Brings finished files to where users look for them: nobody sees half of one. Google Cloud Storage
 * is written to as by the work store, everything else through Beam's {@link FileSystems}.
 */
public final class Publisher {
  private static final Pattern URI_SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/.*");
  private static final long NOT_THERE = -1;

  private Publisher() {}

  /**
   * Copies a file to a destination, where it appears when it is complete: in Google Cloud Storage
   * by itself, elsewhere under a temporary name beside it that is then renamed. Replaces what is
   * there. Directories are made where the file system has any.
   *
   * @param file local; left as it is
   * @param destination URI or local path of a file, in Google Cloud Storage or on a file system
   *     that Beam knows
   * @return the file's SHA-256 in lowercase hexadecimal
   * @throws IOException if copying fails; the destination is then as it was
   */
  @SuppressWarnings("UnstableApiUsage") // hashing streams have been beta since 2011
  public static String publish(Path file, String destination) throws IOException {
    if (GcsName.is(destination)) {
      LocalContent content = LocalContent.of(file);
      GcsObjects.ofThisProcess().put(GcsName.parse(destination), content);
      return content.digest();
    }
    ResourceId target = FileSystems.matchNewResource(withoutFileScheme(destination), false);
    ResourceId temporary =
        target
            .getCurrentDirectory()
            .resolve("." + UUID.randomUUID() + ".tmp", StandardResolveOptions.RESOLVE_FILE);
    try (InputStream content = Files.newInputStream(file)) {
      HashingInputStream hashed = new HashingInputStream(Hashing.sha256(), content);
      try (WritableByteChannel channel = FileSystems.create(temporary, MimeTypes.BINARY)) {
        ByteStreams.copy(hashed, Channels.newOutputStream(channel));
      }
      FileSystems.rename(List.of(temporary), List.of(target));
      return hashed.hash().toString();
    } catch (IOException | RuntimeException e) {
      FileSystems.delete(List.of(temporary), StandardMoveOptions.IGNORE_MISSING_FILES);
      throw e;
    }
  }

  /**
   * Returns the length of a published file in bytes, or -1 if there is none.
   *
   * @param destination URI or local path of a file; a URI's wildcards are taken for such, except in
   *     Google Cloud Storage
   */
  public static long lengthOf(String destination) throws IOException {
    if (GcsName.is(destination)) {
      return GcsObjects.ofThisProcess()
          .find(GcsName.parse(destination))
          .map(GcsObject::bytes)
          .orElse(NOT_THERE);
    }
    if (!isLocal(destination)) {
      try {
        return FileSystems.matchSingleFileSpec(destination).sizeBytes();
      } catch (FileNotFoundException e) {
        return NOT_THERE;
      }
    }
    try {
      return Files.size(Path.of(withoutFileScheme(destination)));
    } catch (NoSuchFileException e) {
      return NOT_THERE;
    }
  }

  private static boolean isLocal(String destination) {
    return destination.startsWith("file:") || !URI_SCHEME.matcher(destination).matches();
  }

  /** Returns a local path for a {@code file:} URI, which Beam would take for a relative path. */
  private static String withoutFileScheme(String destination) {
    return destination.startsWith("file:")
        ? Path.of(URI.create(destination)).toString()
        : destination;
  }
}
