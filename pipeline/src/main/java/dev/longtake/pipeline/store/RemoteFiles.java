package dev.longtake.pipeline.store;

import com.google.cloud.storage.BlobId;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.file.NoSuchFileException;
import org.apache.beam.sdk.io.FileSystems;

/**
 * Opens files that are not local: those of Google Cloud Storage as the work store does, all others
 * through Beam's {@link FileSystems}.
 */
public final class RemoteFiles {
  private RemoteFiles() {}

  /**
   * Opens a file.
   *
   * @param location URI; taken as it is written, never for a pattern
   * @return to be closed by the caller
   * @throws NoSuchFileException if there is none
   */
  public static InputStream open(String location) throws IOException {
    if (GcsName.is(location)) {
      return GcsObjects.ofThisProcess().open(object(location));
    }
    try {
      return Channels.newInputStream(
          FileSystems.open(FileSystems.matchNewResource(location, false)));
    } catch (FileNotFoundException e) {
      NoSuchFileException failure = new NoSuchFileException(location);
      failure.initCause(e);
      throw failure;
    }
  }

  private static BlobId object(String location) throws NoSuchFileException {
    try {
      return GcsName.parse(location);
    } catch (IllegalArgumentException e) {
      throw new NoSuchFileException(location, null, e.getMessage());
    }
  }
}
