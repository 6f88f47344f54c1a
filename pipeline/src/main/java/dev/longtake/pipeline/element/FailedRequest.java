package dev.longtake.pipeline.element;

import com.google.auto.value.AutoValue;
import org.apache.beam.sdk.schemas.AutoValueSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.jspecify.annotations.Nullable;

/** A request that can never succeed: a dead letter. */
@DefaultSchema(AutoValueSchema.class)
@AutoValue
public abstract class FailedRequest {
  /** Returns the line of the manifest, from 1. */
  public abstract int getLine();

  /** Returns the line as it was written. */
  public abstract String getSource();

  /** Returns the request's name; null where the line gives none. */
  public abstract @Nullable String getId();

  /** Returns which stage found out: read, prepare, render or stitch. */
  public abstract String getStage();

  /** Returns the kind of fault, in capitals. */
  public abstract String getCode();

  /** Returns what is wrong and what to change. */
  public abstract String getMessage();

  /** Starts with nothing set. */
  public static Builder builder() {
    return new AutoValue_FailedRequest.Builder();
  }

  /** Starts with this element's values. */
  public abstract Builder toBuilder();

  /** Sets the properties; see the getters. */
  @AutoValue.Builder
  public abstract static class Builder {
    public abstract Builder setLine(int line);

    public abstract Builder setSource(String source);

    public abstract Builder setId(@Nullable String id);

    public abstract Builder setStage(String stage);

    public abstract Builder setCode(String code);

    public abstract Builder setMessage(String message);

    public abstract FailedRequest build();
  }
}
