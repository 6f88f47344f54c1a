package dev.longtake.pipeline.element;

import com.google.auto.value.AutoValue;
import org.apache.beam.sdk.schemas.AutoValueSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;

/** A run of clips that share one set of caches. */
@DefaultSchema(AutoValueSchema.class)
@AutoValue
public abstract class PlannedTake {
  /** Returns the take's position in its video, from 0. */
  public abstract int getIndex();

  /** Returns the first video frame of the take. */
  public abstract int getFirstFrame();

  /** Returns how many video frames are kept of it. */
  public abstract int getFrames();

  /** Returns a digest of everything that decides its pixels. */
  public abstract String getHash();

  /** Starts with nothing set. */
  public static Builder builder() {
    return new AutoValue_PlannedTake.Builder();
  }

  /** Starts with this element's values. */
  public abstract Builder toBuilder();

  /** Sets the properties; see the getters. */
  @AutoValue.Builder
  public abstract static class Builder {
    public abstract Builder setIndex(int index);

    public abstract Builder setFirstFrame(int firstFrame);

    public abstract Builder setFrames(int frames);

    public abstract Builder setHash(String hash);

    public abstract PlannedTake build();
  }
}
