package dev.longtake.transforms.stitch;

import static com.google.common.base.Preconditions.checkState;
import static java.util.stream.Collectors.joining;

import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.store.Publisher;
import dev.longtake.pipeline.store.WorkStore;
import dev.longtake.transforms.media.CrossFade;
import dev.longtake.transforms.media.EncoderSettings;
import dev.longtake.transforms.media.Scratch;
import dev.longtake.transforms.media.StitchedVideo;
import dev.longtake.transforms.media.Stitcher;
import dev.longtake.transforms.media.VideoReader;
import dev.longtake.transforms.records.TakeRecord;
import dev.longtake.transforms.records.VideoRecord;
import dev.longtake.transforms.render.TakeEntries;
import dev.longtake.transforms.settings.RenderSettings;
import dev.longtake.transforms.sink.ContactSheet;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Joins a request's fragments, adds the original sound, publishes the video and records that. */
public final class VideoStitcher {
  private static final int SHEET_FRAMES = 12;
  private static final int SHEET_COLUMNS = 6;

  private final WorkStore store;
  private final PublishedVideos published;

  /** Publishes to where {@code settings} say. */
  public VideoStitcher(RenderSettings settings) {
    this.store = settings.store();
    this.published = new PublishedVideos(settings);
  }

  /**
   * Makes a video, unless it is there already.
   *
   * @param clips all clips of the request, in order
   */
  public RenderedVideo stitch(PreparedRequest request, List<RenderedClip> clips)
      throws IOException {
    Optional<VideoRecord> present = published.find(request);
    if (present.isPresent()) {
      boolean untouched = clips.stream().allMatch(RenderedClip::isReused);
      return video(request, clips, present.get(), published.recordLocation(request), untouched);
    }
    try (Scratch scratch = Scratch.create()) {
      Path directory = scratch.directory();
      List<TakeRecord> takes = takes(request);
      List<Path> fragments = new ArrayList<>();
      for (RenderedClip clip : clips) {
        Path fragment = directory.resolve("%06d.mp4".formatted(fragments.size()));
        store.copyTo(clip.getLocation(), clip.getDigest(), fragment);
        boolean startsTake = clip.getClip().getTake() > 0 && clip.getClip().getClip() == 0;
        String tail = startsTake ? takes.get(clip.getClip().getTake() - 1).tail() : "";
        fragments.add(tail.isEmpty() ? fragment : fadedIn(request, fragment, tail));
      }
      Path sound = directory.resolve("sound");
      store.copyTo(request.getSound(), digestOf(request.getSound()), sound);
      Path joined = directory.resolve("video.mp4");
      requireInStep(request, Stitcher.stitch(fragments, sound, joined));

      String sheet = contactSheet(request, clips, fragments);
      String destination = published.destination(request);
      String digest = Publisher.publish(joined, destination);
      VideoRecord record =
          new VideoRecord(
              destination, digest, Files.size(joined), request.getFrames(), takes, sheet);
      return video(request, clips, record, published.commit(request, record, directory), false);
    }
  }

  private Path fadedIn(PreparedRequest request, Path fragment, String tail) throws IOException {
    Path faded = fragment.resolveSibling("faded-" + fragment.getFileName());
    byte[] before;
    try (InputStream content = store.openVerified(tail, digestOf(tail))) {
      before = content.readAllBytes();
    }
    CrossFade.fadeIn(fragment, before, request.getWidth(), request.getHeight(), faded);
    return faded;
  }

  private static void requireInStep(PreparedRequest request, StitchedVideo made) {
    checkState(
        made.frames() == request.getFrames(),
        "The video of '%s' should have %s frames, but its fragments have %s",
        request.getRequest().getId(),
        request.getFrames(),
        made.frames());
    checkState(
        Math.abs(made.videoSeconds() - made.audioSeconds()) * EncoderSettings.FRAMES_PER_SECOND < 1,
        "Picture and sound of '%s' last %s s and %s s, which differ by a frame or more",
        request.getRequest().getId(),
        made.videoSeconds(),
        made.audioSeconds());
  }

  private List<TakeRecord> takes(PreparedRequest request) throws IOException {
    TakeEntries entries = new TakeEntries(store);
    List<TakeRecord> takes = new ArrayList<>();
    for (var take : request.getTakes()) {
      takes.add(
          entries
              .find(request, take)
              .orElseThrow(
                  () ->
                      new IOException(
                          "Take %d of '%s' was just rendered, but its record is gone. Run again."
                              .formatted(take.getIndex(), request.getRequest().getId()))));
    }
    return takes;
  }

  /** Puts some frames side by side, and returns where the picture is in the work store. */
  private String contactSheet(
      PreparedRequest request, List<RenderedClip> clips, List<Path> fragments) throws IOException {
    int[] shown = ContactSheet.evenlySpaced(request.getFrames(), SHEET_FRAMES);
    ContactSheet sheet =
        new ContactSheet(request.getWidth(), request.getHeight(), shown.length, SHEET_COLUMNS);
    int next = 0;
    for (int i = 0; i < fragments.size() && next < shown.length; i++) {
      int first = clips.get(i).getClip().getFirstFrame();
      if (shown[next] >= first + clips.get(i).getClip().getFrames()) {
        continue;
      }
      int[] wanted = {next};
      VideoReader.decode(
          fragments.get(i),
          (frame, rgb) -> {
            if (wanted[0] < shown.length && first + frame == shown[wanted[0]]) {
              byte[] pixels = new byte[rgb.remaining()];
              rgb.get(rgb.position(), pixels);
              sheet.add(pixels);
              wanted[0]++;
            }
          });
      next = wanted[0];
    }
    try (InputStream png = new ByteArrayInputStream(sheet.toPng())) {
      return store.put(png);
    }
  }

  private RenderedVideo video(
      PreparedRequest request,
      List<RenderedClip> clips,
      VideoRecord record,
      String recordLocation,
      boolean untouched) {
    return RenderedVideo.builder()
        .setId(request.getRequest().getId())
        .setLocation(record.location())
        .setDigest(record.digest())
        .setFrames(record.frames())
        .setSeconds((double) record.frames() / EncoderSettings.FRAMES_PER_SECOND)
        .setRenderSeconds(clips.stream().mapToDouble(RenderedClip::getSeconds).sum())
        .setTakes(request.getTakes().size())
        .setClips(clips.size())
        .setClipsReused((int) clips.stream().filter(RenderedClip::isReused).count())
        .setStrategy(
            clips.stream()
                .map(RenderedClip::getStrategy)
                .distinct()
                .sorted()
                .collect(joining(", ")))
        .setChoice(
            clips.stream()
                .map(RenderedClip::getChoice)
                .filter(choice -> !choice.isEmpty())
                .distinct()
                .collect(joining(" | ")))
        .setRecord(recordLocation)
        .setUntouched(untouched)
        .build();
  }

  private static String digestOf(String objectLocation) {
    return objectLocation.substring(objectLocation.lastIndexOf('/') + 1);
  }
}
