package dev.longtake.transforms.render;

import dev.longtake.pipeline.element.Clip;
import dev.longtake.pipeline.element.FailedRequest;
import dev.longtake.pipeline.element.PlannedTake;
import dev.longtake.pipeline.element.PreparedRequest;
import dev.longtake.pipeline.element.RenderedClip;
import dev.longtake.pipeline.element.RenderedVideo;
import dev.longtake.pipeline.options.Continuity;
import dev.longtake.pipeline.spi.RunMetric;
import dev.longtake.runtime.api.AvatarEngine;
import dev.longtake.runtime.api.ErrorCode;
import dev.longtake.runtime.api.InvalidRequestException;
import dev.longtake.runtime.api.LongtakeException;
import dev.longtake.runtime.api.TakeSpec;
import dev.longtake.runtime.api.TakeState;
import dev.longtake.transforms.media.EncoderSettings;
import dev.longtake.transforms.media.MediaException;
import dev.longtake.transforms.records.TakeRecord;
import dev.longtake.transforms.records.VideoRecord;
import dev.longtake.transforms.request.RequestFaultException;
import dev.longtake.transforms.settings.EngineSource;
import dev.longtake.transforms.settings.RenderSettings;
import dev.longtake.transforms.sink.FollowedRun;
import dev.longtake.transforms.split.ClipPlanner;
import dev.longtake.transforms.split.VideoTiming;
import dev.longtake.transforms.stitch.PublishedVideos;
import dev.longtake.transforms.stitch.VideoStitcher;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;

/**
 * Renders the clips of one key. Which engine that needs depends on the size of the video, so it is
 * leased for a request at a time, and for none whose takes are all in the work store.
 */
final class RenderClipsFn extends DoFn<KV<String, Iterable<Clip>>, RenderedClip> {
  private static final String STAGE = "render";

  private final RenderSettings settings;
  private final EngineSource engines;
  private static final HangBound HANG_BOUND = HangBound.USUAL;

  RenderClipsFn(RenderSettings settings, EngineSource engines) {
    this.settings = settings;
    this.engines = engines;
  }

  @Setup
  public void setup() {
    pool().hold();
  }

  @Teardown
  public void teardown() {
    pool().letGo();
  }

  private EnginePool pool() {
    return EnginePool.of(settings.devices().here());
  }

  @ProcessElement
  public void processElement(
      @Element KV<String, Iterable<Clip>> routed, MultiOutputReceiver outputs)
      throws IOException, InterruptedException {
    TreeMap<Integer, List<Clip>> takes =
        StreamSupport.stream(routed.getValue().spliterator(), false)
            .sorted(Comparator.comparing(Clip::getClip))
            .collect(Collectors.groupingBy(Clip::getTake, TreeMap::new, Collectors.toList()));
    PreparedRequest request = takes.firstEntry().getValue().get(0).getRequest();
    try (Work work = new Work(request, outputs.get(RenderClips.RENDERED))) {
      for (List<Clip> clips : takes.values()) {
        work.take(clips);
      }
      work.publish();
    } catch (InvalidRequestException e) {
      // The request is at fault, so a retry cannot help. Anything else fails the bundle.
      fail(
          request,
          new RequestFaultException("INVALID_REQUEST", String.valueOf(e.getMessage())),
          outputs);
    } catch (RequestFaultException e) {
      fail(request, e, outputs);
    }
  }

  private void fail(
      PreparedRequest request, RequestFaultException fault, MultiOutputReceiver outputs) {
    FailedRequest failure = fault.toFailedRequest(request.getRequest(), STAGE);
    FollowedRun.progress(settings.runId()).ifPresent(progress -> progress.videoFailed(failure));
    outputs.get(RenderClips.FAILED).output(failure);
  }

  /** The takes of one key, one after the other. */
  private final class Work implements AutoCloseable {
    private final PreparedRequest request;
    private final OutputReceiver<RenderedClip> rendered;
    private final TakeEntries entries = new TakeEntries(settings.store());
    private final Optional<VideoRecord> published;
    private final List<RenderedClip> emitted = new ArrayList<>();
    private Optional<EngineLease> lease = Optional.empty();
    private Company company = Company.SHARED;
    private Optional<Conditions> conditions = Optional.empty();

    Work(PreparedRequest request, OutputReceiver<RenderedClip> rendered) throws IOException {
      this.request = request;
      this.rendered = rendered;
      this.published = new PublishedVideos(settings).find(request);
    }

    private void noteStarted() {
      ClipPlanner planner = new ClipPlanner(settings.inferFrames());
      int clips =
          request.getTakes().stream().mapToInt(take -> planner.count(take.getFrames())).sum();
      FollowedRun.progress(settings.runId())
          .ifPresent(
              progress ->
                  progress.videoStarted(
                      request.getRequest().getLine(),
                      request.getRequest().getId(),
                      clips,
                      request.getFrames()));
    }

    void take(List<Clip> clips) throws IOException, InterruptedException, RequestFaultException {
      PlannedTake take = request.getTakes().get(clips.get(0).getTake());
      if (published.isPresent()) {
        reuse(clips, published.get().takes().get(take.getIndex()));
        return;
      }
      Optional<TakeRecord> found = reusable(take);
      if (found.isPresent()) {
        noteStarted();
        clips.forEach(clip -> noteDone(clip, true));
        reuse(clips, found.get());
        return;
      }
      TakeRecord made = render(take, clips);
      count(take, made);
      emit(clips, made, false);
    }

    /** Renders a take; on another device of this process where one breaks down. */
    private TakeRecord render(PlannedTake take, List<Clip> clips)
        throws IOException, InterruptedException, RequestFaultException {
      TakeFaults faults = new TakeFaults(entries, request, take);
      while (true) {
        EngineLease leased = lease(faults.company());
        noteStarted();
        try {
          ProgressWatch watch = new ProgressWatch();
          TakeRecord made =
              watch.call(
                  () -> renderOn(leased, watch, take, clips),
                  () -> HANG_BOUND.after(leased.slowestClip(), leased.plannedClip()));
          leased.praise();
          return made;
        } catch (LongtakeException e) {
          if (e.code() != ErrorCode.DEVICE_FAULT) {
            throw e;
          }
          leased.lose(e);
          faults.add(leased.device(), e);
          release();
          RunMetric.DEVICE_FAULTS.add(1);
          faults.company(); // a dead letter, if this was one too many
          if (!pool().mayGoOn()) {
            throw e; // the runner tries again, elsewhere if it can
          }
          RunMetric.RETRIES.addOf("device", 1);
        }
      }
    }

    private TakeRecord renderOn(
        EngineLease leased, ProgressWatch watch, PlannedTake take, List<Clip> clips)
        throws IOException {
      AvatarEngine engine = leased.engine();
      long[] clipStarted = {System.nanoTime()};
      TakeSpec spec = conditions(engine).of(take, before(take));
      TakeRecord made =
          new TakeRenderer(entries, engine)
              .render(
                  request,
                  take,
                  clips,
                  spec,
                  end(take),
                  watch::progress,
                  clip -> {
                    leased.check();
                    long now = System.nanoTime();
                    leased.clipTook(Duration.ofNanos(now - clipStarted[0]));
                    clipStarted[0] = now;
                    noteDone(clip, false);
                  });
      RunMetric.DEVICE_PEAK_BYTES.reached(leased.usedBytes());
      RunMetric.BYTES_COPIED.add(leased.copiedBytesSinceLastAsked());
      return made;
    }

    private void count(PlannedTake take, TakeRecord made) {
      RunMetric.TAKES_RENDERED.addOf(made.strategy(), 1);
      RunMetric.CLIPS_RENDERED.add(made.clips().size());
      RunMetric.FRAMES_RENDERED.add(take.getFrames());
      RunMetric.VIDEO_MILLIS.add(
          Math.round(1e3 * take.getFrames() / EncoderSettings.FRAMES_PER_SECOND));
      for (TakeRecord.ClipRecord clip : made.clips()) {
        RunMetric.RENDER_MILLIS.add(Math.round(1e3 * clip.renderSeconds()));
        RunMetric.BYTES_COMMITTED.add(clip.bytes());
      }
    }

    /**
     * Publishes the video, if all of it was rendered here. A runner may leave the stage for that
     * until nothing is left to render; it then finds the video.
     */
    void publish() throws IOException {
      boolean isWhole =
          emitted.stream().mapToInt(clip -> clip.getClip().getFrames()).sum()
              == request.getFrames();
      if (!isWhole || emitted.stream().allMatch(RenderedClip::isReused)) {
        return;
      }
      close(); // others can render meanwhile
      try {
        RenderedVideo video = new VideoStitcher(settings).stitch(request, emitted);
        FollowedRun.progress(settings.runId()).ifPresent(progress -> progress.videoDone(video));
      } catch (MediaException e) {
        if (!e.code().isRequestAtFault()) {
          throw e;
        }
        // The stage for that finds the same fault, and reports it.
      }
    }

    private void reuse(List<Clip> clips, TakeRecord take) {
      RunMetric.CLIPS_REUSED.add(clips.size());
      emit(clips, take, true);
    }

    /** Waits for an engine, unless one is leased already. */
    private EngineLease lease(Company wanted) throws InterruptedException {
      if (wanted != company) {
        release();
        company = wanted;
      }
      if (lease.isEmpty()) {
        lease =
            Optional.of(
                pool()
                    .acquire(
                        engines,
                        device -> settings.engine(request.getWidth(), request.getHeight(), device),
                        wanted));
      }
      return lease.get();
    }

    private void release() {
      close();
      lease = Optional.empty();
      conditions = Optional.empty();
    }

    private Conditions conditions(AvatarEngine engine) throws IOException {
      if (conditions.isEmpty()) {
        conditions =
            Optional.of(
                new Conditions(request, settings.store(), engine, settings.audioLeadFrames()));
      }
      return conditions.get();
    }

    /** Returns a take that need not be rendered, because all that is wanted of it is there. */
    private Optional<TakeRecord> reusable(PlannedTake take) throws IOException {
      Optional<TakeRecord> found = entries.find(request, take);
      if (found.isEmpty()) {
        return found;
      }
      boolean complete =
          entries.isIntact(found.get())
              && (!isGoneOnFrom(take) || entries.end(request, take).isPresent());
      return complete ? found : Optional.empty();
    }

    /**
     * Returns what is kept of a take's end: where a limit of clips ends a video, it may be lifted.
     */
    private TakeRenderer.End end(PlannedTake take) {
      int speechFrames = VideoTiming.framesOf(request.getSpeechSamples());
      if (take.getFirstFrame() + take.getFrames() >= speechFrames
          || settings.continuity() == Continuity.STRICT) {
        return TakeRenderer.End.FORGOTTEN;
      }
      return settings.continuity() == Continuity.CARRY
          ? TakeRenderer.End.STATE
          : TakeRenderer.End.TAIL;
    }

    private boolean isGoneOnFrom(PlannedTake take) {
      return settings.continuity() == Continuity.CARRY
          && take.getIndex() + 1 < request.getTakes().size();
    }

    private Optional<TakeState> before(PlannedTake take) throws IOException {
      if (settings.continuity() != Continuity.CARRY || take.getIndex() == 0) {
        return Optional.empty();
      }
      PlannedTake before = request.getTakes().get(take.getIndex() - 1);
      Optional<TakeState> end = entries.end(request, before);
      if (end.isEmpty()) {
        throw new IOException(
            "Take %d of '%s' was just found in the work store, but its end is gone. Run again."
                .formatted(before.getIndex(), request.getRequest().getId()));
      }
      return end;
    }

    private void noteDone(Clip clip, boolean reused) {
      FollowedRun.progress(settings.runId())
          .ifPresent(
              progress ->
                  progress.clipDone(
                      request.getRequest().getId(),
                      clip.getTake(),
                      clip.getClip(),
                      clip.getFrames(),
                      reused));
    }

    private void emit(List<Clip> clips, TakeRecord take, boolean reused) {
      for (int i = 0; i < clips.size(); i++) {
        TakeRecord.ClipRecord clip = take.clips().get(i);
        RenderedClip done =
            RenderedClip.builder()
                .setClip(clips.get(i))
                .setLocation(clip.location())
                .setDigest(clip.digest())
                .setReused(reused)
                .setSeconds(clip.renderSeconds())
                .setStrategy(take.strategy())
                .setChoice(take.choice())
                .build();
        emitted.add(done);
        rendered.output(done);
      }
    }

    @Override
    public void close() {
      lease.ifPresent(EngineLease::close); // closing again does nothing
    }
  }
}
