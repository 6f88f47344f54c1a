package dev.longtake.pipeline.element;

import com.google.auto.value.AutoValue;
import org.apache.beam.sdk.schemas.AutoValueSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;

/** One clip of one take: what is routed to a GPU. */
@DefaultSchema(AutoValueSchema.class)
@AutoValue
public abstract class Clip {
  /** Returns the request it belongs to. */
  public abstract PreparedRequest getRequest();

  /** Returns the index of its take. */
  public abstract int getTake();

  /** Returns its index in the take. */
  public abstract int getClip();

  /** Returns its first kept frame, counted from the start of the video. */
  public abstract int getFirstFrame();

  /** Returns how many of its frames are kept. */
  public abstract int getFrames();

  /** Returns the key that all clips share which one worker renders in order. */
  public abstract String getRoutingKey();

  /** Starts with nothing set. */
  public static Builder builder() {
    return new AutoValue_Clip.Builder();
  }

  /** Starts with this element's values. */
  public abstract Builder toBuilder();

  /** Sets the properties; see the getters. */
  @AutoValue.Builder
  public abstract static class Builder {
    public abstract Builder setRequest(PreparedRequest request);

    public abstract Builder setTake(int take);

    public abstract Builder setClip(int clip);

    public abstract Builder setFirstFrame(int firstFrame);

    public abstract Builder setFrames(int frames);

    public abstract Builder setRoutingKey(String routingKey);

    public abstract Clip build();
  }
}
