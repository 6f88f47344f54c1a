package dev.longtake.pipeline.element;

import com.google.auto.value.AutoValue;
import org.apache.beam.sdk.schemas.AutoValueSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;

/** A clip whose fragment is in the work store. */
@DefaultSchema(AutoValueSchema.class)
@AutoValue
public abstract class RenderedClip {
  /** Returns the clip. */
  public abstract Clip getClip();

  /** Returns where the fragment is in the work store. */
  public abstract String getLocation();

  /** Returns the fragment's SHA-256. */
  public abstract String getDigest();

  /** Returns whether an earlier run had rendered it. */
  public abstract boolean isReused();

  /** Returns how long it took to render, when it was. */
  public abstract double getSeconds();

  /** Returns the strategy that rendered it. */
  public abstract String getStrategy();

  /** Returns how and why that was chosen, for people; empty if nobody says. */
  public abstract String getChoice();

  /** Starts with nothing set. */
  public static Builder builder() {
    return new AutoValue_RenderedClip.Builder();
  }

  /** Starts with this element's values. */
  public abstract Builder toBuilder();

  /** Sets the properties; see the getters. */
  @AutoValue.Builder
  public abstract static class Builder {
    public abstract Builder setClip(Clip clip);

    public abstract Builder setLocation(String location);

    public abstract Builder setDigest(String digest);

    public abstract Builder setReused(boolean reused);

    public abstract Builder setSeconds(double seconds);

    public abstract Builder setStrategy(String strategy);

    public abstract Builder setChoice(String choice);

    public abstract RenderedClip build();
  }
}
