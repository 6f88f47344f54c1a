package dev.longtake.transforms.split;

/** Which clips one worker renders, in order. */
public enum ClipRouting {
  /** All clips of a request: every take goes on from the one before. */
  BY_REQUEST {
    @Override
    String key(String requestId, int take) {
      return requestId;
    }
  },
  /** The clips of a take: takes do not know of each other. */
  BY_TAKE {
    @Override
    String key(String requestId, int take) {
      // No id contains a slash.
      return "%s/take-%04d".formatted(requestId, take);
    }
  };

  /** Returns the key that exactly the clips of one worker share. */
  abstract String key(String requestId, int take);
}
