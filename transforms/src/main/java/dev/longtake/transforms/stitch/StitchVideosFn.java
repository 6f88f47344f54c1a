package dev.longtake.transforms.stitch;

import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.transforms.media.MediaException;
import dev.longtake.transforms.request.RequestFaultException;
import dev.longtake.transforms.settings.RenderSettings;
import dev.longtake.transforms.sink.FollowedRun;
import dev.longtake.transforms.split.ClipPlanner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/** Keeps the clips of a request until it has all of them, then joins them. */
final class StitchVideosFn extends DoFn<KV<String, RenderedClip>, RenderedVideo> {
  private static final String STAGE = "stitch";
  private static final String CLIPS = "clips";
  private static final String COUNT = "count";
  private static final Comparator<RenderedClip> IN_ORDER =
      Comparator.<RenderedClip>comparingInt(clip -> clip.getClip().getTake())
          .thenComparingInt(clip -> clip.getClip().getClip());

  @StateId(CLIPS)
  private final StateSpec<BagState<RenderedClip>> clipsSpec = StateSpecs.bag();

  @StateId(COUNT)
  private final StateSpec<ValueState<Integer>> countSpec = StateSpecs.value();

  private final RenderSettings settings;

  StitchVideosFn(RenderSettings settings) {
    this.settings = settings;
  }

  @ProcessElement
  public void processElement(
      @Element KV<String, RenderedClip> element,
      @StateId(CLIPS) BagState<RenderedClip> clips,
      @StateId(COUNT) ValueState<Integer> count,
      MultiOutputReceiver outputs)
      throws IOException {
    PreparedRequest request = element.getValue().getClip().getRequest();
    Integer before = count.read();
    int present = before == null ? 1 : before + 1;
    if (present < clipsOf(request)) {
      clips.add(element.getValue());
      count.write(present);
      return;
    }
    List<RenderedClip> all = new ArrayList<>();
    clips.read().forEach(all::add);
    all.add(element.getValue());
    all.sort(IN_ORDER);
    clips.clear();
    count.clear();
    stitch(request, all, outputs);
  }

  private int clipsOf(PreparedRequest request) {
    ClipPlanner planner = new ClipPlanner(settings.inferFrames());
    int clips = 0;
    for (PlannedTake take : request.getTakes()) {
      clips += planner.count(take.getFrames());
    }
    return clips;
  }

  private void stitch(
      PreparedRequest request, List<RenderedClip> clips, MultiOutputReceiver outputs)
      throws IOException {
    try {
      RenderedVideo video = new VideoStitcher(settings).stitch(request, clips);
      FollowedRun.progress(settings.runId()).ifPresent(progress -> progress.videoDone(video));
      outputs.get(StitchVideos.VIDEOS).output(video);
    } catch (MediaException e) {
      if (!e.code().isRequestAtFault()) {
        throw e;
      }
      FailedRequest failure =
          new RequestFaultException(e.code().name(), String.valueOf(e.getMessage()))
              .toFailedRequest(request.getRequest(), STAGE);
      FollowedRun.progress(settings.runId()).ifPresent(progress -> progress.videoFailed(failure));
      outputs.get(StitchVideos.FAILED).output(failure);
    }
  }
}
