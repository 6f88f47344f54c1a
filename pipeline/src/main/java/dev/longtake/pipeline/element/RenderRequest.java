package dev.longtake.pipeline.element;

import com.google.auto.value.AutoValue;
import org.apache.beam.sdk.schemas.AutoValueSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.jspecify.annotations.Nullable;

/** One manifest line that is a well-formed request: names, not yet looked at. */
@DefaultSchema(AutoValueSchema.class)
@AutoValue
public abstract class RenderRequest {
  /** Returns the line of the manifest, from 1. */
  public abstract int getLine();

  /** Returns the line as it was written, so that it can be run again. */
  public abstract String getSource();

  /** Returns the request's name: unique, and safe as a file name. */
  public abstract String getId();

  /** Returns the picture's URI. */
  public abstract String getImage();

  /** Returns the speech track's URI. */
  public abstract String getAudio();

  /** Returns what the video is of. */
  public abstract String getPrompt();

  /** Returns what the random numbers start from. */
  public abstract long getSeed();

  /** Returns the wanted size, W*H; null for the run's default. */
  public abstract @Nullable String getSize();

  /** Returns the video's name under the output directory; null for id.mp4. */
  public abstract @Nullable String getOutput();

  /** Returns the most clips to render; null for as many as the speech needs. */
  public abstract @Nullable Integer getClips();

  /** Starts with nothing set. */
  public static Builder builder() {
    return new AutoValue_RenderRequest.Builder();
  }

  /** Starts with this element's values. */
  public abstract Builder toBuilder();

  /** Sets the properties; see the getters. */
  @AutoValue.Builder
  public abstract static class Builder {
    public abstract Builder setLine(int line);

    public abstract Builder setSource(String source);

    public abstract Builder setId(String id);

    public abstract Builder setImage(String image);

    public abstract Builder setAudio(String audio);

    public abstract Builder setPrompt(String prompt);

    public abstract Builder setSeed(long seed);

    public abstract Builder setSize(@Nullable String size);

    public abstract Builder setOutput(@Nullable String output);

    public abstract Builder setClips(@Nullable Integer clips);

    public abstract RenderRequest build();
  }
}
