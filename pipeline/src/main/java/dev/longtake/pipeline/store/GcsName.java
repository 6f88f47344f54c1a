package dev.longtake.pipeline.store;

import static com.google.common.base.Preconditions.checkArgument;

import com.google.cloud.storage.BlobId;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of Google Cloud Storage: {@code gs://<bucket>/<object>}, taken as they are written. */
final class GcsName {
  static final String SCHEME = "gs";
  private static final Pattern URI = Pattern.compile("(?is)gs://([^/]+)/(.+)");

  private GcsName() {}

  /** Returns whether a location is one of Google Cloud Storage. */
  static boolean is(String location) {
    return location.regionMatches(true, 0, "gs:/", 0, 4);
  }

  /**
   * Returns the object of a URI. Nothing in it is decoded.
   *
   * @throws IllegalArgumentException if it has no bucket or no object
   */
  static BlobId parse(String uri) {
    Matcher parts = URI.matcher(uri);
    checkArgument(
        parts.matches(), "'%s' names no object; write gs://<bucket>/<name of the object>.", uri);
    return BlobId.of(parts.group(1), parts.group(2));
  }

  /** Returns the URI of an object. */
  static String of(BlobId object) {
    return "gs://" + object.getBucket() + "/" + object.getName();
  }
}
