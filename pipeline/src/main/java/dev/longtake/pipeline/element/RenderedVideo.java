package dev.longtake.pipeline.element;

import com.google.auto.value.AutoValue;
import org.apache.beam.sdk.schemas.AutoValueSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;

/** A finished video. */
@DefaultSchema(AutoValueSchema.class)
@AutoValue
public abstract class RenderedVideo {
  /** Returns the request's name. */
  public abstract String getId();

  /** Returns where the video was published. */
  public abstract String getLocation();

  /** Returns the file's SHA-256. */
  public abstract String getDigest();

  /** Returns its video frames. */
  public abstract int getFrames();

  /** Returns its length. */
  public abstract double getSeconds();

  /** Returns how long its clips took to render, in this run or before. */
  public abstract double getRenderSeconds();

  /** Returns its takes. */
  public abstract int getTakes();

  /** Returns its clips. */
  public abstract int getClips();

  /** Returns how many clips an earlier run had rendered. */
  public abstract int getClipsReused();

  /** Returns the strategy that rendered its clips. */
  public abstract String getStrategy();

  /** Returns how and why that was chosen, for people; empty if nobody says. */
  public abstract String getChoice();

  /** Returns where the record of its clips is in the work store; empty if its maker keeps none. */
  public abstract String getRecord();

  /** Returns whether it was there already and nothing was done. */
  public abstract boolean isUntouched();

  /** Starts with nothing set. */
  public static Builder builder() {
    return new AutoValue_RenderedVideo.Builder();
  }

  /** Starts with this element's values. */
  public abstract Builder toBuilder();

  /** Sets the properties; see the getters. */
  @AutoValue.Builder
  public abstract static class Builder {
    public abstract Builder setId(String id);

    public abstract Builder setLocation(String location);

    public abstract Builder setDigest(String digest);

    public abstract Builder setFrames(int frames);

    public abstract Builder setSeconds(double seconds);

    public abstract Builder setRenderSeconds(double renderSeconds);

    public abstract Builder setTakes(int takes);

    public abstract Builder setClips(int clips);

    public abstract Builder setClipsReused(int clipsReused);

    public abstract Builder setStrategy(String strategy);

    public abstract Builder setChoice(String choice);

    public abstract Builder setRecord(String record);

    public abstract Builder setUntouched(boolean untouched);

    public abstract RenderedVideo build();
  }
}
