package dev.longtake.transforms.render;

import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.spi.FrameRange;
import dev.longtake.pipeline.store.WorkStore;
import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.HostValues;
import dev.longtake.runtime.api.PictureLatents;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.transforms.media.SpeechFile;
import dev.longtake.transforms.prepare.PictureFile;
import dev.longtake.transforms.request.TakeSpeech;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** What the takes of one request are made from, encoded once for all of them. */
final class Conditions {
  private final PreparedRequest request;
  private final WorkStore store;
  private final AvatarEngine engine;
  private final int audioLeadFrames;
  private final HostValues prompt;
  private final PictureLatents picture;

  /** Encodes prompt and picture. */
  Conditions(PreparedRequest request, WorkStore store, AvatarEngine engine, int audioLeadFrames)
      throws IOException {
    this.request = request;
    this.store = store;
    this.engine = engine;
    this.audioLeadFrames = audioLeadFrames;
    this.prompt = engine.encodePrompt(request.getRequest().getPrompt());
    try (InputStream content = store.openRead(request.getPicture())) {
      this.picture = engine.encodePicture(PictureFile.read(content));
    }
  }

  /**
   * Encodes a take's speech, and returns what the take is made from.
   *
   * @param before what it goes on from, or empty if it starts from the picture
   */
  TakeSpec of(PlannedTake take, Optional<TakeState> before) throws IOException {
    FrameRange frames = new FrameRange(take.getFirstFrame(), take.getFrames());
    TakeSpeech heard = TakeSpeech.of(frames, audioLeadFrames, request.getSpeechSamples());
    float[] samples;
    try (InputStream content = store.openRead(request.getSpeech())) {
      samples = SpeechFile.read(content, heard.first(), Math.toIntExact(heard.count()));
    }
    int silentFrames = Math.max(0, audioLeadFrames - take.getFirstFrame());
    return new TakeSpec(
        prompt,
        picture,
        engine.encodeAudio(samples, silentFrames),
        before.orElse(picture.still()),
        request.getRequest().getSeed(),
        take.getIndex());
  }
}
