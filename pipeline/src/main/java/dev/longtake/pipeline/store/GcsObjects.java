package dev.longtake.pipeline.store;

import com.google.api.gax.retrying.RetrySettings;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.cloud.NoCredentials;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobGetOption;
import com.google.cloud.storage.Storage.BlobWriteOption;
import com.google.cloud.storage.StorageException;
import com.google.cloud.storage.StorageOptions;
import com.google.common.base.Stopwatch;
import dev.longtake.pipeline.store.GcsInputStream.ReplacedException;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Objects of Google Cloud Storage, written whole or not at all.
 *
 * <p>Every write says which generation it replaces, and none where there was none. So it can be
 * repeated without harm, by the client when an answer is lost and by any number of writers: of
 * those that have the same bytes, exactly one creates the object. Uploads are resumable and send
 * the CRC32C of the file, which the server compares; reads compare what came with the CRC32C that
 * the server has. Nothing lists a bucket.
 *
 * <p>Calls are repeated after errors that may pass, at growing intervals, for five minutes at most.
 * Safe for any number of threads.
 */
final class GcsObjects {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final RetrySettings RETRIES =
      RetrySettings.newBuilder()
          .setInitialRetryDelayDuration(Duration.ofMillis(100))
          .setRetryDelayMultiplier(2)
          .setMaxRetryDelayDuration(Duration.ofSeconds(15))
          .setTotalTimeoutDuration(PATIENCE)
          .build();
  private static final BlobGetOption[] FIELDS = {
    BlobGetOption.fields(BlobField.GENERATION, BlobField.SIZE, BlobField.CRC32C)
  };

  private static final int TOO_MANY_REQUESTS = 429;

  /** Other writers that may get in between before somebody is clearly at odds with us. */
  private static final int MOST_RACES = 20;

  private static final String GOOGLE = "";

  // A client has connections and a token, which all stores of a process share.
  private static final Map<String, GcsObjects> OF_THIS_PROCESS = new ConcurrentHashMap<>();

  private final Storage storage;

  private GcsObjects(Storage storage) {
    this.storage = storage;
  }

  /**
   * Returns the objects of the server that this process uses.
   *
   * @throws IOException if there are no Application Default Credentials for it
   */
  static GcsObjects ofThisProcess() throws IOException {
    String endpoint = GcsEndpoint.ofThisProcess();
    String key = endpoint == null ? GOOGLE : endpoint;
    GcsObjects known = OF_THIS_PROCESS.get(key);
    if (known == null) {
      GcsObjects opened = open(endpoint, READ_TIMEOUT);
      GcsObjects before = OF_THIS_PROCESS.putIfAbsent(key, opened);
      known = before == null ? opened : before;
    }
    return known;
  }

  /**
   * Connects to a server.
   *
   * @param endpoint {@code http://host:port} of one that needs no credentials, or null for Google's
   * @param readTimeout how long to wait for an answer before asking again
   */
  static GcsObjects open(@Nullable String endpoint, Duration readTimeout) throws IOException {
    StorageOptions.Builder options =
        StorageOptions.http()
            .setTransportOptions(
                HttpTransportOptions.newBuilder()
                    .setConnectTimeout(Math.toIntExact(CONNECT_TIMEOUT.toMillis()))
                    .setReadTimeout(Math.toIntExact(readTimeout.toMillis()))
                    .build())
            .setRetrySettings(RETRIES)
            .setStorageRetryStrategy(new CountedRetries());
    if (endpoint == null) {
      options.setCredentials(applicationDefaultCredentials());
    } else {
      options
          .setHost(endpoint)
          .setProjectId("none") // or the client asks the machine for one
          .setCredentials(NoCredentials.getInstance());
    }
    return new GcsObjects(options.build().getService());
  }

  private static GoogleCredentials applicationDefaultCredentials() throws IOException {
    try {
      return GoogleCredentials.getApplicationDefault();
    } catch (IOException e) {
      throw new IOException(
          "gs:// needs Application Default Credentials, and this process finds none. Run on a"
              + " machine with a service account, set GOOGLE_APPLICATION_CREDENTIALS to a key file,"
              + " or run 'gcloud auth application-default login'.",
          e);
    }
  }

  /** Returns what is known of an object, or empty if there is none. */
  Optional<GcsObject> find(BlobId object) throws IOException {
    try {
      Blob blob = storage.get(object, FIELDS);
      return blob == null
          ? Optional.empty()
          : Optional.of(new GcsObject(blob.getGeneration(), blob.getSize(), blob.getCrc32c()));
    } catch (StorageException e) {
      throw failure("look for", object, e);
    }
  }

  /**
   * Sees to it that an object has a file's bytes: uploads them, unless they are there.
   *
   * @return bytes uploaded
   */
  long put(BlobId object, LocalContent content) throws IOException {
    return upload(object, content, Set.of(Replacement.DONE));
  }

  /**
   * Writes an object. Somebody else who writes it at the same moment may come after this, but not
   * between what is replaced and this.
   */
  void write(BlobId object, LocalContent content) throws IOException {
    // If it is refused, another writer's object has come: as if ours had been just before.
    long unused = upload(object, content, Set.of(Replacement.DONE, Replacement.REFUSED));
  }

  private long upload(BlobId object, LocalContent content, Set<Replacement> enough)
      throws IOException {
    Stopwatch time = Stopwatch.createStarted();
    for (int tries = 0; tries < MOST_RACES; tries++) {
      Optional<GcsObject> present = find(object);
      if (present.isPresent() && content.isIn(present.get())) {
        return 0;
      }
      try {
        if (enough.contains(replace(object, present, content))) {
          return content.bytes();
        }
      } catch (StorageException e) {
        // The client asks only once what became of an upload whose answer was lost.
        if (!mayPass(e) || time.elapsed().compareTo(PATIENCE) > 0) {
          throw failure("write", object, e);
        }
      }
      CountedRetries.count();
    }
    throw new IOException(
        "'%s' could not be written to %s in %d tries: it was replaced again and again, or came to nothing. Do two runs write it?"
            .formatted(content.file(), GcsName.of(object), MOST_RACES));
  }

  /**
   * Uploads a file, if the object still is what it was. A call that the client repeats may find its
   * own object, and be refused.
   */
  private Replacement replace(BlobId object, Optional<GcsObject> present, LocalContent content)
      throws IOException {
    BlobWriteOption unchanged =
        present.isEmpty()
            ? BlobWriteOption.doesNotExist()
            : BlobWriteOption.generationMatch(present.get().generation());
    BlobInfo info =
        BlobInfo.newBuilder(object)
            .setContentType("application/octet-stream")
            .setCrc32c(content.crc32c())
            .build();
    try {
      storage.createFrom(info, content.file(), unchanged, BlobWriteOption.crc32cMatch());
      return Replacement.DONE;
    } catch (NullPointerException e) {
      // So the client (2.58) says that the server has all bytes and has made no object of them.
      return Replacement.UNKNOWN;
    } catch (StorageException e) {
      if (e.getCode() == HttpURLConnection.HTTP_PRECON_FAILED) {
        return Replacement.REFUSED;
      }
      throw e;
    }
  }

  private static boolean mayPass(StorageException e) {
    int code = e.getCode(); // 0 for a connection that failed
    return code == 0
        || code == HttpURLConnection.HTTP_CLIENT_TIMEOUT
        || code == TOO_MANY_REQUESTS
        || code >= 500;
  }

  /** What came of an upload. */
  private enum Replacement {
    /** The object is there. */
    DONE,
    /** The object is another than the one to be replaced. */
    REFUSED,
    /** Nothing, or nobody knows. */
    UNKNOWN
  }

  /**
   * Opens an object as it is now; one that replaces it meanwhile is not seen.
   *
   * @return to be closed by the caller; ends only behind bytes that have the CRC32C
   * @throws NoSuchFileException if there is none
   */
  InputStream open(BlobId object) throws IOException {
    GcsObject found = find(object).orElseThrow(() -> new NoSuchFileException(GcsName.of(object)));
    BlobId generation = BlobId.of(object.getBucket(), object.getName(), found.generation());
    return new GcsInputStream(storage, generation, found);
  }

  /**
   * Reads a small object as it is at some moment of the call, or empty if there is none then.
   *
   * @throws IOException also if it is replaced faster than it can be read
   */
  Optional<byte[]> read(BlobId object) throws IOException {
    int races = 0;
    while (true) {
      try (InputStream content = open(object)) {
        return Optional.of(content.readAllBytes());
      } catch (NoSuchFileException e) {
        return Optional.empty();
      } catch (ReplacedException e) {
        races++;
        if (races == MOST_RACES) {
          throw e;
        }
      }
    }
  }

  /** Returns what a failed call is to its caller, who may try again. It tells no secrets. */
  static IOException failure(String action, BlobId object, StorageException failure) {
    GcsCallFailure cause = GcsCallFailure.of(failure);
    String reason = GcsCallFailure.withoutSecrets(failure.getMessage());
    String message =
        "Google Cloud Storage could not %s %s: %s (%d)"
            .formatted(action, GcsName.of(object), reason, failure.getCode());
    if (failure.getCode() == HttpURLConnection.HTTP_FORBIDDEN
        || failure.getCode() == HttpURLConnection.HTTP_UNAUTHORIZED) {
      IOException denied = new AccessDeniedException(GcsName.of(object), null, message);
      denied.initCause(cause);
      return denied;
    }
    return new IOException(message, cause);
  }
}
