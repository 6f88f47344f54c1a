package dev.longtake.pipeline.store;

import java.io.IOException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A failure of Google's client that can be logged.
 *
 * <p>The client's own says which URLs were called with which headers. Whoever knows the URL of a
 * resumable upload can write to it for a week, without credentials; so it must not reach a log or a
 * message. This has the same trace and causes, and says of what type they were.
 */
final class GcsCallFailure extends IOException {
  private static final long serialVersionUID = 1L;

  /** Of an upload's URL, of the header that repeats it, and of a token, what comes before it. */
  private static final Pattern SECRET =
      Pattern.compile("(?i)(upload_id(?:=|%3D)|x-guploader-uploadid\\W+|bearer\\s+)[\\w.~+/%-]+=*");

  private GcsCallFailure(Throwable failure, Set<Throwable> enclosing) {
    super(withoutSecrets(failure.toString()), of(failure.getCause(), enclosing));
    setStackTrace(failure.getStackTrace());
    for (Throwable suppressed : failure.getSuppressed()) {
      Throwable copy = of(suppressed, enclosing);
      if (copy != null) {
        addSuppressed(copy);
      }
    }
  }

  /** Returns what {@code failure} says, but no secrets. */
  static GcsCallFailure of(Throwable failure) {
    Set<Throwable> enclosing = Collections.newSetFromMap(new IdentityHashMap<>());
    enclosing.add(failure);
    return new GcsCallFailure(failure, enclosing);
  }

  /** Returns a copy of a failure, or null if there is none or it has been copied. */
  private static @Nullable GcsCallFailure of(
      @Nullable Throwable failure, Set<Throwable> enclosing) {
    return failure == null || !enclosing.add(failure)
        ? null
        : new GcsCallFailure(failure, enclosing);
  }

  /** Returns a text of the client without what must not be known; of null, nothing. */
  static String withoutSecrets(@Nullable String text) {
    return text == null ? "" : SECRET.matcher(text).replaceAll("$1…");
  }
}
