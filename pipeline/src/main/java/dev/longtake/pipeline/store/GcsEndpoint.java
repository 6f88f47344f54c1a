package dev.longtake.pipeline.store;

import static com.google.common.base.Preconditions.checkArgument;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Where the server of {@code gs:} is.
 *
 * <p>Google's, unless the system property {@value #PROPERTY} or, as for Google's own clients, the
 * environment variable {@value #VARIABLE} names another: {@code http://host:port}, or the host and
 * port alone. It is a matter of the process and not of a run, so that no manifest and no job can
 * send a worker's credentials to another server; such a server is never sent any.
 */
final class GcsEndpoint {
  static final String PROPERTY = "longtake.gcsEndpoint";
  static final String VARIABLE = "STORAGE_EMULATOR_HOST";

  private GcsEndpoint() {}

  /** Returns the server that stands in for Google's, or null. */
  static @Nullable String ofThisProcess() {
    String property = System.getProperty(PROPERTY);
    String asked = property == null ? System.getenv(VARIABLE) : property;
    return asked == null || asked.isBlank() ? null : url(asked.strip());
  }

  private static String url(String asked) {
    String url = asked.contains("://") ? asked : "http://" + asked;
    String scheme = URI.create(url).getScheme();
    checkArgument(
        URI.create(url).getHost() != null && (scheme.equals("http") || scheme.equals("https")),
        "%s and %s must be http://host:port of a server, but are '%s'.",
        PROPERTY,
        VARIABLE,
        asked);
    return url;
  }
}
