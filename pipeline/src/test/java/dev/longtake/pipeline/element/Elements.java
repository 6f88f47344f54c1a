package dev.longtake.pipeline.element;

import java.util.List;

/** Elements for tests, each different from the others wherever its name is. */
public final class Elements {
  private Elements() {}

  /** Returns a request without anything that may be left out. */
  public static RenderRequest bareRequest(String id) {
    return RenderRequest.builder()
        .setLine(1)
        .setSource("{\"id\": \"" + id + "\"}")
        .setId(id)
        .setImage("file:///in/" + id + ".png")
        .setAudio("file:///in/" + id + ".wav")
        .setPrompt("")
        .setSeed(Long.MIN_VALUE)
        .build();
  }

  /** Returns a request with everything. */
  public static RenderRequest fullRequest() {
    return bareRequest("full").toBuilder()
        .setLine(Integer.MAX_VALUE)
        .setPrompt("a person speaks \u2014 \u8bdd")
        .setSeed(Long.MAX_VALUE)
        .setSize("720*400")
        .setOutput("day/one.mp4")
        .setClips(7)
        .build();
  }

  /** Returns a request of two takes of 10 and 20 frames. */
  public static PreparedRequest prepared(RenderRequest request) {
    return PreparedRequest.builder()
        .setRequest(request)
        .setHash("hash-of-" + request.getId())
        .setWidth(64)
        .setHeight(128)
        .setFrames(30)
        .setPicture("objects/picture-of-" + request.getId())
        .setSpeechSamples(16_000)
        .setSound("objects/sound")
        .setSpeech("objects/speech-of-" + request.getId())
        .setTakes(List.of(take(0, 0, 10), take(1, 10, 20)))
        .build();
  }

  /** Returns a take. */
  public static PlannedTake take(int index, int firstFrame, int frames) {
    return PlannedTake.builder()
        .setIndex(index)
        .setFirstFrame(firstFrame)
        .setFrames(frames)
        .setHash("take-" + index)
        .build();
  }

  /** Returns the only clip of a take of a request. */
  public static Clip clip(PreparedRequest request, int take) {
    PlannedTake planned = request.getTakes().get(take);
    return Clip.builder()
        .setRequest(request)
        .setTake(take)
        .setClip(0)
        .setFirstFrame(planned.getFirstFrame())
        .setFrames(planned.getFrames())
        .setRoutingKey(request.getHash())
        .build();
  }

  /** Returns the only clip of a take of a request, rendered. */
  public static RenderedClip renderedClip(RenderRequest request, int take) {
    return renderedClip(clip(prepared(request), take));
  }

  /** Returns a clip, rendered. */
  public static RenderedClip renderedClip(Clip clip) {
    return RenderedClip.builder()
        .setClip(clip)
        .setLocation("requests/" + clip.getRequest().getHash() + "/" + clip.getTake() + ".mp4")
        .setDigest("digest")
        .setReused(false)
        .setSeconds(0.5)
        .setStrategy("resident")
        .setChoice("")
        .build();
  }

  /** Returns a finished video of 30 frames. */
  public static RenderedVideo video(String id) {
    return RenderedVideo.builder()
        .setRecord("")
        .setId(id)
        .setLocation("/out/" + id + ".mp4")
        .setDigest("digest-of-" + id)
        .setFrames(30)
        .setSeconds(1.2)
        .setRenderSeconds(1.0)
        .setTakes(2)
        .setClips(2)
        .setClipsReused(0)
        .setStrategy("resident")
        .setChoice("")
        .setUntouched(false)
        .build();
  }

  /** Returns a failed request. */
  public static FailedRequest failed(String id) {
    return FailedRequest.builder()
        .setLine(3)
        .setSource("{\"id\": \"" + id + "\"}")
        .setId(id)
        .setStage("read")
        .setCode("INVALID_REQUEST")
        .setMessage("The line has no audio.")
        .build();
  }
}
