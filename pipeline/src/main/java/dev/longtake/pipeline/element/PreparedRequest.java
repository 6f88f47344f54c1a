package dev.longtake.pipeline.element;

import com.google.auto.value.AutoValue;
import java.util.List;
import org.apache.beam.sdk.schemas.AutoValueSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;

/** A request that was checked: nothing after this can find its input wrong. */
@DefaultSchema(AutoValueSchema.class)
@AutoValue
public abstract class PreparedRequest {
  /** Returns the manifest line. */
  public abstract RenderRequest getRequest();

  /** Returns a digest of what decides all pixels except the speech. */
  public abstract String getHash();

  /** Returns the columns of a video frame. */
  public abstract int getWidth();

  /** Returns the rows of a video frame. */
  public abstract int getHeight();

  /** Returns the video frames of the whole video. */
  public abstract int getFrames();

  /** Returns where the decoded picture is in the work store. */
  public abstract String getPicture();

  /** Returns where the speech is in the work store: mono, 16 kHz. */
  public abstract String getSpeech();

  /** Returns the samples of the speech. */
  public abstract long getSpeechSamples();

  /** Returns where the sound track is in the work store: the file as it was given. */
  public abstract String getSound();

  /** Returns the takes, in order. */
  @SuppressWarnings("AutoValueImmutableFields") // Beam's schemas know List, not ImmutableList
  public abstract List<PlannedTake> getTakes();

  /** Starts with nothing set. */
  public static Builder builder() {
    return new AutoValue_PreparedRequest.Builder();
  }

  /** Starts with this element's values. */
  public abstract Builder toBuilder();

  /** Sets the properties; see the getters. */
  @AutoValue.Builder
  public abstract static class Builder {
    public abstract Builder setRequest(RenderRequest request);

    public abstract Builder setHash(String hash);

    public abstract Builder setWidth(int width);

    public abstract Builder setHeight(int height);

    public abstract Builder setFrames(int frames);

    public abstract Builder setPicture(String picture);

    public abstract Builder setSpeech(String speech);

    public abstract Builder setSpeechSamples(long speechSamples);

    public abstract Builder setSound(String sound);

    public abstract Builder setTakes(List<PlannedTake> takes);

    public abstract PreparedRequest build();
  }
}
