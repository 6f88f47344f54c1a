package dev.longtake.transforms.media;

import static java.util.Objects.requireNonNull;

/** A file that cannot be read or written; the message names it and says what to change. */
public final class MediaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Code code;

  /** Creates the failure; the code's advice is appended to what was found. */
  MediaException(Code code, String found) {
    super(found + " " + requireNonNull(code, "code").advice);
    this.code = code;
  }

  /** Returns what kind of failure it is. */
  public Code code() {
    return code;
  }

  /** Kinds of failure, named as they appear in dead letters. */
  public enum Code {
    /** The audio file is missing, damaged from the start, or of no known format. */
    UNREADABLE_AUDIO(true, "Give a file that FFmpeg can play, such as WAV, FLAC, MP3 or M4A."),
    /** The file is a picture or a video without sound. */
    NO_AUDIO_STREAM(true, "Give a file with a sound track."),
    /** The file has a sound track without a single sample. */
    EMPTY_AUDIO(true, "Give a file with speech in it."),
    /** The picture is missing, damaged, or of no known format. */
    UNREADABLE_PICTURE(true, "Give a PNG, JPEG or WebP picture."),
    /** The picture has more pixels than are decoded. */
    PICTURE_TOO_LARGE(true, "Scale it down."),
    /** A fragment or a video of ours cannot be read, or does not fit the others. */
    UNREADABLE_VIDEO(false, "Delete it from the work store and run again to render it anew."),
    /** A file cannot be written. */
    UNWRITABLE(false, "Is the disk full, or the directory read-only?"),
    /** FFmpeg lacks a part or memory that its own build should provide. */
    LIBRARY(false, "Is the jar complete, and is there free memory?");

    private final boolean requestAtFault;
    private final String advice;

    Code(boolean requestAtFault, String advice) {
      this.requestAtFault = requestAtFault;
      this.advice = advice;
    }

    /** Returns whether the request's own input is at fault, so that no retry can help. */
    public boolean isRequestAtFault() {
      return requestAtFault;
    }
  }
}
